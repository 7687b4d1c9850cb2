#include <cstdint>

#include "fracbit/framework/kernels/intdot/intdot.h"

namespace fracbit::kernels::intdot {
namespace {

#include "fracbit/framework/kernels/intdot/lanes_scalar.inc.h"
//
#include "fracbit/framework/kernels/intdot/loops.inc.h"

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = make_kernels("scalar", false);

}  // namespace fracbit::kernels::intdot
