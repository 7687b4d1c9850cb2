#include "fracbit/framework/kernels/tile/tile.inc.h"

namespace fracbit::kernels::tile {

constinit const Kernels kAvx512 = table<8>();

}  // namespace fracbit::kernels::tile
