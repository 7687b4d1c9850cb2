#include "fracbit/framework/kernels/depthwise/depthwise.h"

#include <cstring>

namespace fracbit::kernels::depthwise {

// The double build has no kernels of its own beside the portable ones.
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)

const Kernels& find(const char* isa) noexcept {
  if (std::strncmp(isa, "avx512", 6) == 0) return kAvx512;
  return std::strcmp(isa, "avx2") == 0 ? kAvx2 : kScalar;
}

#elif defined(__aarch64__) && !defined(FRACBIT_REAL_DOUBLE)

const Kernels& find(const char* isa) noexcept {
  return std::strcmp(isa, "neon") == 0 ? kNeon : kScalar;
}

#else

const Kernels& find(const char*) noexcept {
  return kScalar;
}

#endif

}  // namespace fracbit::kernels::depthwise
