#include "fracbit/quantize/gradient.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/gradient_codes.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/reduce.h"
#include "fracbit/quantize/round.h"

namespace fracbit::quantize {
namespace {

/// Elements per task.
constexpr int64_t kTask = 1 << 13;

/// The maps of all samples; m_b is the largest |g| of sample b.
std::vector<ops::GradientMap> fit(const Tensor& g, int32_t top) {
  const int64_t samples = g.shape().rank() == 0 ? 1 : g.shape()[0];
  const int64_t each = samples == 0 ? 0 : g.size() / samples;
  std::vector<ops::GradientMap> maps(static_cast<size_t>(samples));
  parallel_for(samples, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      maps[static_cast<size_t>(b)] = {max_abs(g.data() + b * each, each), top};
    }
  });
  return maps;
}

Tensor scales_of(const std::vector<ops::GradientMap>& maps) {
  Tensor scales = Tensor::uninitialized({static_cast<int64_t>(maps.size())});
  std::transform(maps.begin(), maps.end(), scales.data(),
                 [](const auto& map) { return map.scale; });
  return scales;
}

/// encode(map, first, count, codes) makes the codes of elements of one sample; emit(first, codes)
/// takes those of a task.
template <typename Encode, typename Emit>
void for_each_task(const Tensor& g, const std::vector<ops::GradientMap>& maps, const Encode& encode,
                   const Emit& emit) {
  const auto samples = static_cast<int64_t>(maps.size());
  const int64_t each = samples == 0 ? 1 : std::max<int64_t>(1, g.size() / samples);
  parallel_for(g.size(), kTask, [&](int64_t begin, int64_t end) {
    std::array<uint16_t, kTask> codes;
    for (int64_t i = begin; i < end;) {
      const int64_t stop = std::min(end, (i / each + 1) * each);
      encode(maps[static_cast<size_t>(i / each)], i, stop - i, codes.data() + (i - begin));
      i = stop;
    }
    emit(begin, std::span<const uint16_t>(codes).first(static_cast<size_t>(end - begin)));
  });
}

template <typename Encode>
ScaledLevels levels_of(const Tensor& g, int32_t top, const Encode& encode) {
  const std::vector<ops::GradientMap> maps = fit(g, top);
  Tensor levels = Tensor::uninitialized(g.shape());
  for_each_task(g, maps, encode, [&](int64_t first, std::span<const uint16_t> codes) {
    std::transform(codes.begin(), codes.end(), levels.data() + first,
                   [top](uint16_t q) { return static_cast<real>(2 * int32_t{q} - top); });
  });
  return {std::move(levels), scales_of(maps)};
}

/// Codes with the noise of a draw.
auto encode_with(const Tensor& g, int32_t top, const Random& noise) {
  return [&g, top, &noise](const ops::GradientMap& map, int64_t first, int64_t count,
                           uint16_t* codes) {
    ops::gradient_codes({g.data() + first, static_cast<size_t>(count)}, map, top, noise, first,
                        codes);
  };
}

}  // namespace

GradientQuantizer::GradientQuantizer(int bits) : bits_(bits) {
  if (bits < 1 || bits > kMostBits) {
    throw ConfigError("grad-bits: expected 1 to 16, got " + std::to_string(bits));
  }
}

ScaledLevels GradientQuantizer::simulate(const Tensor& g, const Random& noise) const {
  const int32_t top = top_code(bits_);
  return levels_of(g, top, encode_with(g, top, noise));
}

ScaledLevels GradientQuantizer::simulate(const Tensor& g, std::span<const double> sigma) const {
  if (static_cast<int64_t>(sigma.size()) != g.size()) {
    throw ShapeError("[gradient] expects one noise value per element, got " +
                     std::to_string(sigma.size()) + " for g " + to_string(g.shape()));
  }
  const std::vector<real> noise(sigma.begin(), sigma.end());
  const int32_t top = top_code(bits_);
  return levels_of(g, top,
                   [&](const ops::GradientMap& map, int64_t first, int64_t count, uint16_t* codes) {
                     const auto size = static_cast<size_t>(count);
                     ops::gradient_codes({g.data() + first, size}, map, top,
                                         {noise.data() + first, size}, codes);
                   });
}

ScaledBits GradientQuantizer::encode(const Tensor& g, const Random& noise) const {
  const int32_t top = top_code(bits_);
  const std::vector<ops::GradientMap> maps = fit(g, top);
  BitTensor bits(g.shape(), Encoding::codes, bits_, {2, -top});
  std::vector<uint16_t> all(static_cast<size_t>(g.size()));
  for_each_task(g, maps, encode_with(g, top, noise),
                [&](int64_t first, std::span<const uint16_t> codes) {
                  std::copy(codes.begin(), codes.end(), all.begin() + first);
                });
  pack_codes(all, bits);
  return {std::move(bits), scales_of(maps)};
}

GradientCodes GradientQuantizer::codes(const Tensor& g, const Random& noise) const {
  if (bits_ > kByteBits) {
    throw ConfigError("[gradient] expects 1 to 8 bits for bytes, got " + std::to_string(bits_));
  }
  const int32_t top = top_code(bits_);
  const std::vector<ops::GradientMap> maps = fit(g, top);
  GradientCodes result{g.shape(), bits_, Buffer<uint8_t>(g.size()), scales_of(maps)};
  const auto samples = static_cast<int64_t>(maps.size());
  parallel_for(samples, 1, [&](int64_t begin, int64_t end) {
    const int64_t each = g.size() / samples;
    for (int64_t n = begin; n < end; ++n) {
      ops::gradient_codes({g.data() + n * each, static_cast<size_t>(each)},
                          maps[static_cast<size_t>(n)], top, noise, n * each,
                          result.codes.data() + n * each);
    }
  });
  return result;
}

}  // namespace fracbit::quantize
