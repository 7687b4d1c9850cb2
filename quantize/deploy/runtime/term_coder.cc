#include "fracbit/quantize/deploy/runtime/term_coder.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fracbit::deploy::runtime {
namespace {

/// Bit i is flags[i], for flags of 0 or 1.
uint64_t gather_bits(const std::array<uint8_t, 64>& flags) {
  uint64_t word = 0;
  for (size_t i = 0; i < 64; i += 8) {
    uint64_t eight = 0;
    for (size_t j = 0; j < 8; ++j) eight |= uint64_t{flags[i + j]} << (8 * j);
    // Moves bit 8 j to bit 56 + j; no two of the partial products meet.
    word |= (eight * 0x0102040810204080u >> 56) << i;
  }
  return word;
}

}  // namespace

void TermCoder::widths(const float* y, int64_t channels, uint8_t* width) const {
  const float mean = output_.scales[0];
  std::array<float, kWord> key;
  for (int64_t c = 0; c < channels; ++c) {
    const float size = std::abs(y[c]);
    key[static_cast<size_t>(c)] = output_.key == Key::middle_out ? std::abs(size - mean)
                                  : output_.key == Key::top_down ? -size
                                                                 : size;
  }
  std::fill_n(width, channels, uint8_t{1});
  for (const float cut : output_.cuts) {
    for (int64_t c = 0; c < channels; ++c) {
      width[c] = static_cast<uint8_t>(width[c] + (key[static_cast<size_t>(c)] > cut ? 1 : 0));
    }
  }
}

void TermCoder::encode_word(const float* y, int64_t channels, int64_t word,
                            std::byte* pixel) const {
  std::array<uint8_t, kWord> width{};
  widths(y, channels, width.data());
  std::array<float, kWord> e;
  std::copy_n(y, channels, e.data());
  std::array<int32_t, kWord> level{};
  std::array<uint8_t, kWord> sign{}, mask{};
  auto* planes = reinterpret_cast<uint64_t*>(pixel) + word;
  const int64_t step = layout_.words_per_plane();
  const bool grid = output_.form == Form::grid;
  for (int n = 0; n < output_.bits; ++n) {
    const float mu = output_.scales[static_cast<size_t>(n)];
    const int32_t m = grid ? output_.levels[static_cast<size_t>(n)] : 0;
    for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
      const bool up = e[c] >= 0;
      const bool active = width[c] > n;
      mask[c] = active ? 1 : 0;
      sign[c] = active && up ? 1 : 0;
      level[c] += active ? (up ? m : -m) : 0;
      e[c] -= up ? mu : -mu;
    }
    if (grid) continue;
    *planes = gather_bits(sign);
    planes += step;
    if (n == 0) continue;
    *planes = gather_bits(mask);
    planes += step;
  }
  if (!grid) return;
  for (int64_t c = 0; c < channels; ++c) {
    const int32_t value = level[static_cast<size_t>(c)];
    if (layout_.integer_bytes == 1) {
      reinterpret_cast<uint8_t*>(pixel)[word * kWord + c] =
          static_cast<uint8_t>(value + kByteOffset);
    } else {
      reinterpret_cast<int16_t*>(pixel)[word * kWord + c] = static_cast<int16_t>(value);
    }
  }
}

void TermCoder::encode(const float* y, int64_t pixels, std::byte* out) const {
  const int64_t channels = layout_.value.channels;
  for (int64_t p = 0; p < pixels; ++p, out += layout_.pixel_bytes()) {
    for (int64_t first = 0; first < channels; first += kWord) {
      encode_word(y + first, std::min(kWord, channels - first), first / kWord, out);
    }
    y += channels;
  }
}

}  // namespace fracbit::deploy::runtime
