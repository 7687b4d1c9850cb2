#include "fracbit/framework/kernels/winograd/winograd.inc.h"

namespace fracbit::kernels::winograd {

constinit const Kernels kAvx2 = kTable;

}  // namespace fracbit::kernels::winograd
