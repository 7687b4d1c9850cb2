#include "fracbit/framework/kernels/depthwise/loops.inc.h"

namespace fracbit::kernels::depthwise {

constinit const Kernels kScalar = kTable;

}  // namespace fracbit::kernels::depthwise
