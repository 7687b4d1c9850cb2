#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/intdot/training/training.h"

namespace fracbit::kernels::intdot::training {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_avx512.inc.h"
//
#include "fracbit/framework/kernels/intdot/training/loops.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_kernels("avx512");

}  // namespace fracbit::kernels::intdot::training
