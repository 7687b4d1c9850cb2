#include "fracbit/framework/kernels/update/loops.inc.h"

namespace fracbit::kernels::update {

constinit const Kernels kNeon = kTable;

}  // namespace fracbit::kernels::update
