#include "fracbit/framework/kernels/depthwise/loops.inc.h"

namespace fracbit::kernels::depthwise {

constinit const Kernels kNeon = kTable;

}  // namespace fracbit::kernels::depthwise
