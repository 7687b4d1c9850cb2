#include "fracbit/framework/kernels/lookup/lookup.h"

#include <cstring>

// The double build has no kernels of its own beside the portable ones.
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)
#define FRACBIT_LOOKUP_X86
#endif

namespace fracbit::kernels::lookup {

#ifdef FRACBIT_LOOKUP_X86
extern const Kernels kAvx2;
extern const Kernels kAvx512;
#endif

const Kernels* find([[maybe_unused]] const char* isa) noexcept {
#ifdef FRACBIT_LOOKUP_X86
  static constexpr const Kernels* kAll[] = {&kAvx2, &kAvx512};
  for (const Kernels* kernels : kAll) {
    if (std::strcmp(kernels->name, isa) == 0) return kernels;
  }
#endif
  return nullptr;
}

}  // namespace fracbit::kernels::lookup
