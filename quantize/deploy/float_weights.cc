#include "fracbit/quantize/deploy/float_weights.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace fracbit::deploy {
namespace {

constexpr int kBits = 8;
constexpr float kTop = 255;

float largest(std::span<const float> values) {
  float most = 0;
  for (const float value : values) most = std::max(most, std::abs(value));
  return most;
}

/// q with s (2 q - 255) nearest to w.
uint64_t code_of(float w, float s) {
  if (s == 0) return 128;
  return static_cast<uint64_t>(std::clamp(std::nearbyint((w / s + kTop) / 2), 0.0F, kTop));
}

}  // namespace

void store_bytes(std::span<const float> values, Weights& weights) {
  weights.coding = Coding::codes;
  weights.bits = kBits;
  weights.words.assign(
      static_cast<size_t>(weights.filters * weights.taps() * weights.words_per_row()), 0);
  const auto each = static_cast<size_t>(weights.filter_size());
  uint64_t* row = weights.words.data();
  for (; !values.empty(); values = values.subspan(each)) {
    const float s = largest(values.first(each)) / kTop;
    weights.scales.push_back(s);
    for (int64_t i = 0; i < weights.filter_size(); ++i) {
      const int64_t c = i % weights.channels;
      const uint64_t q = code_of(values[static_cast<size_t>(i)], s);
      for (int p = 0; p < kBits; ++p) {
        row[p * weights.words_per_plane() + c / 64] |= (q >> p & 1) << (c % 64);
      }
      if (c + 1 == weights.channels) row += weights.words_per_row();
    }
  }
}

}  // namespace fracbit::deploy
