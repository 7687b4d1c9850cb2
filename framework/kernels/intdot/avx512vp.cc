#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/intdot/intdot.h"

namespace fracbit::kernels::intdot {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_avx512vp.inc.h"
//
#include "fracbit/framework/kernels/intdot/loops.inc.h"

}  // namespace

extern const Kernels kAvx512Vp;
const Kernels kAvx512Vp = make_kernels("avx512vp", true);

}  // namespace fracbit::kernels::intdot
