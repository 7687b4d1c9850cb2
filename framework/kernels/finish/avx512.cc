#include "fracbit/framework/kernels/finish/loops.inc.h"

namespace fracbit::kernels::finish {

constinit const Kernels kAvx512 = table<8>();

}  // namespace fracbit::kernels::finish
