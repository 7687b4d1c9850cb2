#include "fracbit/quantize/gradient.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/reduce.h"
#include "fracbit/quantize/round.h"

namespace fracbit::quantize {
namespace {

/// Elements per task; a multiple of the four that one block of random words serves.
constexpr int64_t kTask = 1 << 13;

/// The affine map of one sample: n u = (g up) slope + n / 2 + sigma. `up` is a power of two that
/// keeps slope finite where m_b is tiny.
struct SampleMap {
  real up = 1;
  real slope = 0;
};

struct Fit {
  std::vector<SampleMap> maps;
  Tensor scales;
};

Fit fit(const Tensor& g, int32_t top) {
  const int64_t samples = g.shape().rank() == 0 ? 1 : g.shape()[0];
  const int64_t each = samples == 0 ? 0 : g.size() / samples;
  Fit result{std::vector<SampleMap>(static_cast<size_t>(samples)), Tensor::zeros({samples})};
  parallel_for(samples, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const real m = max_abs(g.data() + b * each, each);
      if (!(m > 0)) continue;
      const real up = static_cast<real>(m < static_cast<real>(1e-25) ? 0x1p90 : 1);
      result.maps[static_cast<size_t>(b)] = {up, static_cast<real>(top) / (2 * (m * up))};
      result.scales[b] = m / static_cast<real>(top);
    }
  });
  return result;
}

/// Noise of elements first .. first + count - 1 of a draw; first is a multiple of 4.
void draw(const Random& noise, int64_t first, int64_t count, real* sigma) {
  for (int64_t i = 0; i < count; i += 4) {
    const std::array<uint32_t, 4> words = noise.block((first + i) / 4);
    for (int64_t j = 0; j < std::min<int64_t>(4, count - i); ++j) {
      // u + 2^-25 - 1/2 is an odd multiple of 2^-25 below 1/2: exact in 24 bits.
      const auto odd = static_cast<int32_t>(words[static_cast<size_t>(j)] >> 8) * 2 + 1 - (1 << 24);
      sigma[i + j] = static_cast<real>(odd) * static_cast<real>(0x1p-25);
    }
  }
}

/// Calls emit(i, code) for every element; fill(first, count, sigma) provides the noise.
template <typename Fill, typename Emit>
void for_each_code(const Tensor& g, const Fit& fitted, int32_t top, const Fill& fill,
                   const Emit& emit) {
  const int64_t samples = fitted.scales.size();
  const int64_t each = samples == 0 ? 1 : std::max<int64_t>(1, g.size() / samples);
  parallel_for(g.size(), kTask, [&](int64_t begin, int64_t end) {
    std::array<real, kTask> sigma;
    fill(begin, end - begin, sigma.data());
    const auto n = static_cast<real>(top);
    for (int64_t i = begin; i < end;) {
      const SampleMap map = fitted.maps[static_cast<size_t>(i / each)];
      const int64_t stop = std::min(end, (i / each + 1) * each);
      for (; i < stop; ++i) {
        const real centred = g[i] * map.up * map.slope + n / 2;
        emit(i, round_to_code(centred + sigma[static_cast<size_t>(i - begin)], n));
      }
    }
  });
}

template <typename Fill>
ScaledLevels levels_of(const Tensor& g, int32_t top, const Fill& fill) {
  Fit fitted = fit(g, top);
  Tensor levels = Tensor::uninitialized(g.shape());
  for_each_code(g, fitted, top, fill,
                [&](int64_t i, int32_t code) { levels[i] = static_cast<real>(2 * code - top); });
  return {std::move(levels), std::move(fitted.scales)};
}

}  // namespace

GradientQuantizer::GradientQuantizer(int bits) : bits_(bits) {
  if (bits < 1 || bits > kMostBits) {
    throw ConfigError("grad-bits: expected 1 to 16, got " + std::to_string(bits));
  }
}

ScaledLevels GradientQuantizer::simulate(const Tensor& g, const Random& noise) const {
  return levels_of(g, top_code(bits_), [&](int64_t first, int64_t count, real* sigma) {
    draw(noise, first, count, sigma);
  });
}

ScaledLevels GradientQuantizer::simulate(const Tensor& g, std::span<const double> sigma) const {
  if (static_cast<int64_t>(sigma.size()) != g.size()) {
    throw ShapeError("[gradient] expects one noise value per element, got " +
                     std::to_string(sigma.size()) + " for g " + to_string(g.shape()));
  }
  return levels_of(g, top_code(bits_), [&](int64_t first, int64_t count, real* into) {
    const auto from = sigma.subspan(static_cast<size_t>(first), static_cast<size_t>(count));
    std::transform(from.begin(), from.end(), into, [](double s) { return static_cast<real>(s); });
  });
}

ScaledBits GradientQuantizer::encode(const Tensor& g, const Random& noise) const {
  const int32_t top = top_code(bits_);
  Fit fitted = fit(g, top);
  BitTensor bits(g.shape(), Encoding::codes, bits_, {2, -top});
  std::vector<uint16_t> codes(static_cast<size_t>(g.size()));
  for_each_code(
      g, fitted, top,
      [&](int64_t first, int64_t count, real* sigma) { draw(noise, first, count, sigma); },
      [&](int64_t i, int32_t code) {
        codes[static_cast<size_t>(i)] = static_cast<uint16_t>(code);
      });
  pack_codes(codes, bits);
  return {std::move(bits), std::move(fitted.scales)};
}

}  // namespace fracbit::quantize
