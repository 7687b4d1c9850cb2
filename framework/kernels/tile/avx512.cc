#include "fracbit/framework/kernels/tile/tile.inc.h"

namespace fracbit::kernels {

constinit const TileKernels kTileAvx512 = table<8>();

}  // namespace fracbit::kernels
