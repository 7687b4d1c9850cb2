#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/intdot/training/training.h"

namespace fracbit::kernels::intdot::training {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_avx512vp.inc.h"
//
#include "fracbit/framework/kernels/intdot/training/loops.inc.h"

}  // namespace

extern const Kernels kAvx512Vp;
const Kernels kAvx512Vp = make_kernels("avx512vp");

}  // namespace fracbit::kernels::intdot::training
