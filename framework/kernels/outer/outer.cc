#include "fracbit/framework/kernels/outer/outer.h"

#include <cstring>

namespace fracbit::kernels::outer {

using Kernels = Kernel;
#include "fracbit/framework/kernels/nearest.inc.h"

Kernel find(const char* isa) noexcept {
  return nearest(isa);
}

}  // namespace fracbit::kernels::outer
