#include "fracbit/framework/kernels/table/table.h"

#include <cstring>

// The double build has no kernels of its own beside the portable ones.
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)
#define FRACBIT_TABLE_X86
#elif defined(__aarch64__) && !defined(FRACBIT_REAL_DOUBLE)
#define FRACBIT_TABLE_NEON
#endif

namespace fracbit::kernels::table {

extern const Kernels kReference;
#ifdef FRACBIT_TABLE_X86
extern const Kernels kAvx2;
extern const Kernels kAvx512;
extern const Kernels kAvx512Vp;
#endif
#ifdef FRACBIT_TABLE_NEON
extern const Kernels kNeon;
#endif

const Kernels* find(const char* isa) noexcept {
  static constexpr const Kernels* kAll[] = {
      &kReference,
#ifdef FRACBIT_TABLE_X86
      &kAvx2,      &kAvx512, &kAvx512Vp,
#endif
#ifdef FRACBIT_TABLE_NEON
      &kNeon,
#endif
  };
  for (const Kernels* kernels : kAll) {
    if (std::strcmp(kernels->name, isa) == 0) return kernels;
  }
  return nullptr;
}

}  // namespace fracbit::kernels::table
