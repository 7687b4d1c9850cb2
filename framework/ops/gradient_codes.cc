#include "fracbit/framework/ops/gradient_codes.h"

#include <algorithm>
#include <array>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/norm/training/training.h"

namespace fracbit::ops {
namespace {

namespace norm = kernels::norm::training;

const norm::Kernels& active_kernels() {
  return norm::find(isa_name(active_isa()).data());
}

void encode(const norm::Kernels& kernels, const real* g, const real* sigma, int64_t n,
            const GradientMap& map, int32_t top, uint8_t* codes) {
  kernels.gradient_codes8(g, sigma, n, {map.up, map.slope}, top, codes);
}

void encode(const norm::Kernels& kernels, const real* g, const real* sigma, int64_t n,
            const GradientMap& map, int32_t top, uint16_t* codes) {
  kernels.gradient_codes16(g, sigma, n, {map.up, map.slope}, top, codes);
}

norm::Philox philox_at(const Random& noise, int64_t block) {
  const std::array<uint32_t, 4> counter = noise.counter(block);
  const std::array<uint32_t, 2> key = noise.key();
  return {{counter[0], counter[1], counter[2], counter[3]}, {key[0], key[1]}};
}

/// Blocks of four from `block` on, at most `most`, whose counters differ in the first word alone.
int64_t blocks_together(int64_t block, int64_t most) {
  return std::min(most, (int64_t{1} << 32) - (block & 0xffffffff));
}

/// A stretch of noise and its codes stay in the first-level cache.
template <typename Code>
void encode_with_noise(std::span<const real> g, const GradientMap& map, int32_t top,
                       const Random& noise, int64_t first, Code* codes) {
  constexpr int64_t kBlocks = 256;
  alignas(64) std::array<real, 4 * kBlocks> sigma;
  const norm::Kernels& kernels = active_kernels();
  const auto size = static_cast<int64_t>(g.size());
  for (int64_t i = 0; i < size;) {
    const int64_t block = (first + i) / 4;
    const int64_t skip = (first + i) % 4;
    const int64_t blocks = blocks_together(block, std::min(kBlocks, (skip + size - i + 3) / 4));
    kernels.noise(philox_at(noise, block), blocks, sigma.data());
    const int64_t count = std::min(size - i, 4 * blocks - skip);
    encode(kernels, g.data() + i, sigma.data() + skip, count, map, top, codes + i);
    i += count;
  }
}

}  // namespace

GradientMap::GradientMap(real m, int32_t top) {
  if (!(m > 0)) return;
  up = static_cast<real>(m < static_cast<real>(1e-25) ? 0x1p90 : 1);
  slope = static_cast<real>(top) / (2 * (m * up));
  scale = m / static_cast<real>(top);
}

void gradient_codes(std::span<const real> g, const GradientMap& map, int32_t top,
                    const Random& noise, int64_t first, uint8_t* codes) {
  encode_with_noise(g, map, top, noise, first, codes);
}

void gradient_codes(std::span<const real> g, const GradientMap& map, int32_t top,
                    const Random& noise, int64_t first, uint16_t* codes) {
  encode_with_noise(g, map, top, noise, first, codes);
}

void gradient_codes(std::span<const real> g, const GradientMap& map, int32_t top,
                    std::span<const real> sigma, uint16_t* codes) {
  encode(active_kernels(), g.data(), sigma.data(), static_cast<int64_t>(g.size()), map, top, codes);
}

}  // namespace fracbit::ops
