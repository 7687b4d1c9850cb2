#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/intdot/training/training.h"

namespace fracbit::kernels::intdot::training {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_avx2.inc.h"
//
#include "fracbit/framework/kernels/intdot/training/loops.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_kernels("avx2");

}  // namespace fracbit::kernels::intdot::training
