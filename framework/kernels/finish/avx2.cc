#include "fracbit/framework/kernels/finish/loops.inc.h"

namespace fracbit::kernels::finish {

constinit const Kernels kAvx2 = table<6>();

}  // namespace fracbit::kernels::finish
