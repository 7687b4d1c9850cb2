#include "fracbit/framework/kernels/depthwise/loops.inc.h"

namespace fracbit::kernels::depthwise {

constinit const Kernels kAvx512 = kTable;

}  // namespace fracbit::kernels::depthwise
