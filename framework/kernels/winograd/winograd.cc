#include "fracbit/framework/kernels/winograd/winograd.h"

#include <cstring>

namespace fracbit::kernels::winograd {

#include "fracbit/framework/kernels/nearest.inc.h"

const Kernels& find(const char* isa) noexcept {
  return nearest(isa);
}

}  // namespace fracbit::kernels::winograd
