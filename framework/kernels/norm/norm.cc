#include "fracbit/framework/kernels/norm/norm.h"

namespace fracbit::kernels::norm {

extern const Kernels kScalar;

const Kernels& find(const char*) noexcept {
  return kScalar;
}

}  // namespace fracbit::kernels::norm
