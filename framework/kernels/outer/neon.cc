#include "fracbit/framework/kernels/outer/loops.inc.h"

namespace fracbit::kernels::outer {

extern const Kernel kNeon;
const Kernel kNeon = product;

}  // namespace fracbit::kernels::outer
