#include "fracbit/framework/kernels/tile/tile.h"

namespace fracbit::kernels {

const TileKernels& tile_kernels([[maybe_unused]] int isa) noexcept {
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)
  if (isa >= 2) return kTileAvx512;
  if (isa == 1) return kTileAvx2;
#endif
  return kTileScalar;
}

}  // namespace fracbit::kernels
