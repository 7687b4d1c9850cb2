#include "fracbit/framework/kernels/residual/residual.h"

#include <bit>
#include <cstring>
#include <type_traits>

namespace fracbit::kernels::residual {
namespace {

using Bits = std::conditional_t<sizeof(real) == 4, uint32_t, uint64_t>;
constexpr int kShift = static_cast<int>(8 * sizeof(Bits)) - 1 - kBinBits;

}  // namespace

int64_t bin_of(real key) noexcept {
  return static_cast<int64_t>(std::bit_cast<Bits>(key) >> kShift);
}

real bin_begin(int64_t bin) noexcept {
  return std::bit_cast<real>(static_cast<Bits>(bin) << kShift);
}

extern const Kernels kReference;
extern const Kernels kScalar;

// The double build has no kernels of its own beside the portable ones.
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)

extern const Kernels kAvx2;
extern const Kernels kAvx512;

const Kernels& find(const char* isa) noexcept {
  if (std::strcmp(isa, "reference") == 0) return kReference;
  if (std::strncmp(isa, "avx512", 6) == 0) return kAvx512;
  return std::strcmp(isa, "avx2") == 0 ? kAvx2 : kScalar;
}

#elif defined(__aarch64__) && !defined(FRACBIT_REAL_DOUBLE)

extern const Kernels kNeon;

const Kernels& find(const char* isa) noexcept {
  if (std::strcmp(isa, "reference") == 0) return kReference;
  return std::strcmp(isa, "neon") == 0 ? kNeon : kScalar;
}

#else

const Kernels& find(const char* isa) noexcept {
  return std::strcmp(isa, "reference") == 0 ? kReference : kScalar;
}

#endif

}  // namespace fracbit::kernels::residual
