#include "fracbit/framework/kernels/tile/tile.inc.h"

namespace fracbit::kernels::tile {

constinit const Kernels kScalar = table<6>();

}  // namespace fracbit::kernels::tile
