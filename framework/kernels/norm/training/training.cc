#include "fracbit/framework/kernels/norm/training/training.h"

#include <cstring>

namespace fracbit::kernels::norm::training {

#include "fracbit/framework/kernels/nearest.inc.h"

const Kernels& find(const char* isa) noexcept {
  return nearest(isa);
}

}  // namespace fracbit::kernels::norm::training
