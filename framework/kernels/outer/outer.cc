#include "fracbit/framework/kernels/outer/outer.h"

#include <cstring>

namespace fracbit::kernels::outer {

extern const Kernel kScalar;

// The double build has no kernels of its own beside the portable ones.
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)

extern const Kernel kAvx2;
extern const Kernel kAvx512;

Kernel find(const char* isa) noexcept {
  if (std::strncmp(isa, "avx512", 6) == 0) return kAvx512;
  return std::strcmp(isa, "avx2") == 0 ? kAvx2 : kScalar;
}

#elif defined(__aarch64__) && !defined(FRACBIT_REAL_DOUBLE)

extern const Kernel kNeon;

Kernel find(const char* isa) noexcept {
  return std::strcmp(isa, "neon") == 0 ? kNeon : kScalar;
}

#else

Kernel find(const char*) noexcept {
  return kScalar;
}

#endif

}  // namespace fracbit::kernels::outer
