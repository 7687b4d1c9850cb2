#include "fracbit/framework/kernels/finish/loops.inc.h"

namespace fracbit::kernels::finish {

constinit const Kernels kNeon = table<8>();

}  // namespace fracbit::kernels::finish
