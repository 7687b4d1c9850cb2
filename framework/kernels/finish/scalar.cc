#include "fracbit/framework/kernels/finish/loops.inc.h"

namespace fracbit::kernels::finish {

constinit const Kernels kScalar = table<6>();

}  // namespace fracbit::kernels::finish
