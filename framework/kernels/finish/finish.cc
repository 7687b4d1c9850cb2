#include "fracbit/framework/kernels/finish/finish.h"

#include <cstring>

namespace fracbit::kernels::finish {

#include "fracbit/framework/kernels/nearest.inc.h"

const Kernels& find(const char* isa) noexcept {
  return nearest(isa);
}

}  // namespace fracbit::kernels::finish
