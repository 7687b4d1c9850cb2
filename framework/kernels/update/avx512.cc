#include "fracbit/framework/kernels/update/loops.inc.h"

namespace fracbit::kernels::update {

constinit const Kernels kAvx512 = kTable;

}  // namespace fracbit::kernels::update
