#include "fracbit/quantize/deploy/runtime/term_coder.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fracbit::deploy::runtime {
namespace {

constexpr int kWord = 64;

/// Numbers of 64 channels. Loops over all of them, in 32 bits each, become vector instructions.
template <typename T>
using Lanes = std::array<T, kWord>;

/// Bit i is flags[i], for flags of 0 or 1.
uint64_t gather_bits(const Lanes<int32_t>& flags) {
  uint64_t word = 0;
  for (size_t i = 0; i < kWord; i += 8) {
    uint64_t eight = 0;
    for (size_t j = 0; j < 8; ++j) eight |= static_cast<uint64_t>(flags[i + j]) << (8 * j);
    // Moves bit 8 j to bit 56 + j; no two of the partial products meet.
    word |= (eight * 0x0102040810204080u >> 56) << i;
  }
  return word;
}

Lanes<float> keys(const Output& output, const Lanes<float>& y) {
  const float mean = output.scales[0];
  Lanes<float> key;
  for (size_t c = 0; c < kWord; ++c) key[c] = std::abs(y[c]);
  if (output.key == Key::middle_out) {
    for (size_t c = 0; c < kWord; ++c) key[c] = std::abs(key[c] - mean);
  } else if (output.key == Key::top_down) {
    for (size_t c = 0; c < kWord; ++c) key[c] = -key[c];
  }
  return key;
}

/// Terms of each element, at least 1.
Lanes<int32_t> widths(const Output& output, const Lanes<float>& y) {
  const Lanes<float> key = keys(output, y);
  Lanes<int32_t> width;
  width.fill(1);
  for (const float cut : output.cuts) {
    for (size_t c = 0; c < kWord; ++c) width[c] += key[c] > cut ? 1 : 0;
  }
  return width;
}

/// Calls term(n, up, active) for each term: flags of elements where it is positive, and of those
/// that have it.
template <typename Term>
void each_term(const Output& output, Lanes<float> e, const Term& term) {
  const Lanes<int32_t> width = widths(output, e);
  Lanes<int32_t> up, active;
  for (int n = 0; n < output.bits; ++n) {
    const float mu = output.scales[static_cast<size_t>(n)];
    for (size_t c = 0; c < kWord; ++c) {
      up[c] = e[c] >= 0 ? 1 : 0;
      active[c] = width[c] > n ? 1 : 0;
      e[c] -= e[c] >= 0 ? mu : -mu;
    }
    term(n, up, active);
  }
}

template <typename T>
void store(const Lanes<int32_t>& level, int64_t channels, int32_t offset, T* to) {
  Lanes<T> all;
  for (size_t c = 0; c < kWord; ++c) all[c] = static_cast<T>(level[c] + offset);
  std::copy_n(all.data(), channels, to);
}

}  // namespace

void TermCoder::encode_planes(const float* y, int64_t channels, int64_t word,
                              std::byte* pixel) const {
  Lanes<float> e{};
  std::copy_n(y, channels, e.data());
  const uint64_t all = ~uint64_t{0} >> (kWord - channels);
  auto* planes = reinterpret_cast<uint64_t*>(pixel) + word;
  const int64_t step = layout_.words_per_plane();
  each_term(output_, e, [&](int n, const Lanes<int32_t>& up, const Lanes<int32_t>& active) {
    const uint64_t mask = gather_bits(active) & all;
    *planes = gather_bits(up) & mask;
    planes += step;
    if (n == 0) return;
    *planes = mask;
    planes += step;
  });
}

void TermCoder::encode_grid(const float* y, int64_t channels, int64_t word,
                            std::byte* pixel) const {
  Lanes<float> e{};
  std::copy_n(y, channels, e.data());
  Lanes<int32_t> level{};
  each_term(output_, e, [&](int n, const Lanes<int32_t>& up, const Lanes<int32_t>& active) {
    const int32_t m = output_.levels[static_cast<size_t>(n)];
    for (size_t c = 0; c < kWord; ++c) level[c] += (2 * up[c] - 1) * (active[c] != 0 ? m : 0);
  });
  if (layout_.integer_bytes == 1) {
    store(level, channels, kByteOffset, reinterpret_cast<uint8_t*>(pixel) + word * kWord);
  } else {
    store(level, channels, 0, reinterpret_cast<int16_t*>(pixel) + word * kWord);
  }
}

void TermCoder::encode(const float* y, int64_t pixels, std::byte* out) const {
  const int64_t channels = layout_.value.channels;
  const bool grid = output_.form == Form::grid;
  for (int64_t p = 0; p < pixels; ++p, out += layout_.pixel_bytes()) {
    for (int64_t first = 0; first < channels; first += kWord) {
      const int64_t some = std::min<int64_t>(kWord, channels - first);
      if (grid) {
        encode_grid(y + first, some, first / kWord, out);
      } else {
        encode_planes(y + first, some, first / kWord, out);
      }
    }
    y += channels;
  }
}

}  // namespace fracbit::deploy::runtime
