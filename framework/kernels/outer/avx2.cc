#include "fracbit/framework/kernels/outer/loops.inc.h"

namespace fracbit::kernels::outer {

extern const Kernel kAvx2;
const Kernel kAvx2 = product;

}  // namespace fracbit::kernels::outer
