#include "fracbit/framework/kernels/tile/tile.inc.h"

namespace fracbit::kernels::tile {

constinit const Kernels kAvx2 = table<6>();

}  // namespace fracbit::kernels::tile
