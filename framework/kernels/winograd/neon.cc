#include "fracbit/framework/kernels/winograd/winograd.inc.h"

namespace fracbit::kernels::winograd {

constinit const Kernels kNeon = kTable;

}  // namespace fracbit::kernels::winograd
