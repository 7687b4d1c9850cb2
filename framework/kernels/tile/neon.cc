#include "fracbit/framework/kernels/tile/tile.inc.h"

namespace fracbit::kernels::tile {

constinit const Kernels kNeon = table<8>();

}  // namespace fracbit::kernels::tile
