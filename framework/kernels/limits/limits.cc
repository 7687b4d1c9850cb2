#include "fracbit/framework/kernels/limits/limits.h"

#include <cstring>

namespace fracbit::kernels::limits {

#include "fracbit/framework/kernels/exact.inc.h"

const Kernels* find(const char* isa) noexcept {
  return exact(isa);
}

}  // namespace fracbit::kernels::limits
