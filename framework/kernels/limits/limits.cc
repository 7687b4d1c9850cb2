#include "fracbit/framework/kernels/limits/limits.h"

#include <cstring>

// The double build has no kernels of its own beside the portable ones.
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)
#define FRACBIT_LIMITS_X86
#elif defined(__aarch64__) && !defined(FRACBIT_REAL_DOUBLE)
#define FRACBIT_LIMITS_NEON
#endif

namespace fracbit::kernels::limits {

extern const Kernels kScalar;
#ifdef FRACBIT_LIMITS_X86
extern const Kernels kAvx2;
extern const Kernels kAvx512;
extern const Kernels kAvx512Vp;
#endif
#ifdef FRACBIT_LIMITS_NEON
extern const Kernels kNeon;
#endif

const Kernels* find(const char* isa) noexcept {
  static constexpr const Kernels* kAll[] = {
      &kScalar,
#ifdef FRACBIT_LIMITS_X86
      &kAvx2,   &kAvx512, &kAvx512Vp,
#endif
#ifdef FRACBIT_LIMITS_NEON
      &kNeon,
#endif
  };
  for (const Kernels* kernels : kAll) {
    if (std::strcmp(kernels->name, isa) == 0) return kernels;
  }
  return nullptr;
}

}  // namespace fracbit::kernels::limits
