#include <cstdint>

#include "fracbit/framework/kernels/intdot/training/training.h"

namespace fracbit::kernels::intdot::training {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_scalar.inc.h"
//
#include "fracbit/framework/kernels/intdot/training/loops.inc.h"

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = make_kernels("scalar");

}  // namespace fracbit::kernels::intdot::training
