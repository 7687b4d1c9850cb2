#include <arm_neon.h>

#include <cstdint>

#include "fracbit/framework/kernels/intdot/intdot.h"

namespace fracbit::kernels::intdot {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_neon.inc.h"
//
#include "fracbit/framework/kernels/intdot/loops.inc.h"

}  // namespace

extern const Kernels kNeon;
const Kernels kNeon = make_kernels("neon", false);

}  // namespace fracbit::kernels::intdot
