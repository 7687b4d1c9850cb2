#include <arm_neon.h>

#include <cstdint>

#include "fracbit/framework/kernels/intdot/training/training.h"

namespace fracbit::kernels::intdot::training {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_neon.inc.h"
//
#include "fracbit/framework/kernels/intdot/training/loops.inc.h"

}  // namespace

extern const Kernels kNeon;
const Kernels kNeon = make_kernels("neon");

}  // namespace fracbit::kernels::intdot::training
