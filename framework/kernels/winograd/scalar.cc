#include "fracbit/framework/kernels/winograd/winograd.inc.h"

namespace fracbit::kernels::winograd {

constinit const Kernels kScalar = kTable;

}  // namespace fracbit::kernels::winograd
