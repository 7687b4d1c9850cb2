#include "fracbit/framework/kernels/depthwise/depthwise.h"

#include <cstring>

namespace fracbit::kernels::depthwise {

#include "fracbit/framework/kernels/nearest.inc.h"

const Kernels& find(const char* isa) noexcept {
  return nearest(isa);
}

}  // namespace fracbit::kernels::depthwise
