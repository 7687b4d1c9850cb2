#include "fracbit/framework/kernels/bitpack/bitpack.h"

#include <cstring>

namespace fracbit::kernels::bitpack {

#include "fracbit/framework/kernels/nearest.inc.h"

const Kernels& find(const char* isa) noexcept {
  return nearest(isa);
}

}  // namespace fracbit::kernels::bitpack
