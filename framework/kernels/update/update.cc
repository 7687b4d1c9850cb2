#include "fracbit/framework/kernels/update/update.h"

#include <cstring>

namespace fracbit::kernels::update {

#include "fracbit/framework/kernels/nearest.inc.h"

const Kernels& find(const char* isa) noexcept {
  return nearest(isa);
}

}  // namespace fracbit::kernels::update
