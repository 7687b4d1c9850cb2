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

#include "fracbit/framework/kernels/nearest.inc.h"

extern const Kernels kReference;

const Kernels& find(const char* isa) noexcept {
  return std::strcmp(isa, "reference") == 0 ? kReference : nearest(isa);
}

}  // namespace fracbit::kernels::residual
