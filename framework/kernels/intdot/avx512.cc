#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/intdot/intdot.h"

namespace fracbit::kernels::intdot {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_avx512.inc.h"
//
#include "fracbit/framework/kernels/intdot/loops.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_kernels("avx512", false);

}  // namespace fracbit::kernels::intdot
