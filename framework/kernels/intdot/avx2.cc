#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/intdot/intdot.h"

namespace fracbit::kernels::intdot {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_avx2.inc.h"
//
#include "fracbit/framework/kernels/intdot/loops.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_kernels("avx2", false);

}  // namespace fracbit::kernels::intdot
