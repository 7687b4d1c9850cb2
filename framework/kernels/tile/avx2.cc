#include "fracbit/framework/kernels/tile/tile.inc.h"

namespace fracbit::kernels {

constinit const TileKernels kTileAvx2 = table<6>();

}  // namespace fracbit::kernels
