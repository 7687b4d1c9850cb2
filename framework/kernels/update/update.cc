#include "fracbit/framework/kernels/update/update.h"

namespace fracbit::kernels::update {

const Kernels& find([[maybe_unused]] int isa) noexcept {
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)
  if (isa >= 2) return kAvx512;
  if (isa == 1) return kAvx2;
#elif defined(__aarch64__) && !defined(FRACBIT_REAL_DOUBLE)
  if (isa == 4) return kNeon;
#endif
  return kScalar;
}

}  // namespace fracbit::kernels::update
