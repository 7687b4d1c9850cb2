#include "fracbit/framework/kernels/outer/loops.inc.h"

namespace fracbit::kernels::outer {

extern const Kernel kAvx512;
const Kernel kAvx512 = product;

}  // namespace fracbit::kernels::outer
