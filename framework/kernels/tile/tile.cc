#include "fracbit/framework/kernels/tile/tile.h"

#include <cstring>

namespace fracbit::kernels::tile {

#include "fracbit/framework/kernels/nearest.inc.h"

const Kernels& find(const char* isa) noexcept {
  return nearest(isa);
}

}  // namespace fracbit::kernels::tile
