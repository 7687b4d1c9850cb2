#include "fracbit/framework/kernels/tile/tile.inc.h"

namespace fracbit::kernels {

constinit const TileKernels kTileScalar = table<6>();

}  // namespace fracbit::kernels
