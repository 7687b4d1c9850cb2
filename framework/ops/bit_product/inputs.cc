#include "fracbit/framework/ops/bit_product/inputs.h"

#include <algorithm>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

namespace fracbit::ops::bit_product {
namespace {

/// Bits [first, first + count) of a plane, moved to bit 0; the bits after them are 0.
void copy_bits(const uint64_t* from, int64_t first, int64_t count, uint64_t* to) {
  const int64_t shift = first % 64;
  const uint64_t* word = from + first / 64;
  for (; count > 0; count -= 64, ++word, ++to) {
    uint64_t bits = *word >> shift;
    if (shift > 0 && shift + count > 64) bits |= word[1] << (64 - shift);
    *to = count < 64 ? bits & ((uint64_t{1} << count) - 1) : bits;
  }
}

}  // namespace

Windows::Windows(int planes, const Geometry& g, int64_t rows)
    : copied(g.padded() || g.options.groups > 1) {
  const int64_t border = g.options.padding_begin + g.options.padding_end;
  plane_words = (g.group_channels() + 63) / 64;
  pixel_words = planes * plane_words;
  row_words = pixel_words * (copied ? g.width + border : g.width);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < g.out_width; ++column) {
      window.push_back(g.options.stride * (row * row_words + column * pixel_words));
    }
  }
  for (int64_t t = 0; t < g.taps(); ++t) {
    const int64_t first = t / g.kernel_width * row_words + t % g.kernel_width * pixel_words;
    for (int64_t i = 0; i < plane_words; ++i) tap.push_back(first + i);
  }
}

void Chunk::copy_row(const uint64_t* from, int64_t first_channel, uint64_t* to) const {
  const int64_t pixel_words = windows_.pixel_words;
  if (geometry_.options.groups == 1) {
    std::copy_n(from, geometry_.width * pixel_words, to);
    return;
  }
  const int64_t from_plane = x_.words_per_plane();
  const int64_t planes = geometry_.width * x_.planes();
  for (int64_t p = 0; p < planes; ++p, from += from_plane, to += windows_.plane_words) {
    copy_bits(from, first_channel, geometry_.group_channels(), to);
  }
}

void Chunk::load(int64_t image, int64_t group, int64_t row, int64_t rows) {
  const Conv2dOptions& options = geometry_.options;
  counted_ = false;
  const int64_t first = row * options.stride - options.padding_begin;
  rows_ = (rows - 1) * options.stride + geometry_.kernel_height;
  if (!windows_.copied) {
    words_ = x_.row((image * geometry_.height + first) * geometry_.width);
    return;
  }
  const int64_t left = options.padding_begin * windows_.pixel_words;
  const int64_t inner = geometry_.width * windows_.pixel_words;
  copy_.resize(static_cast<size_t>(rows_ * windows_.row_words));
  for (int64_t i = 0; i < rows_; ++i) {
    uint64_t* to = copy_.data() + i * windows_.row_words;
    const int64_t y = first + i;
    if (y < 0 || y >= geometry_.height) {
      std::fill_n(to, windows_.row_words, 0);
      continue;
    }
    std::fill_n(to, left, 0);
    copy_row(x_.row((image * geometry_.height + y) * geometry_.width),
             group * geometry_.group_channels(), to + left);
    std::fill_n(to + left + inner, windows_.row_words - left - inner, 0);
  }
  words_ = copy_.data();
}

void Chunk::sum_windows(const std::vector<int32_t>& factors,
                        const kernels::bitgemm::Kernels& kernels, std::vector<int32_t>& sums) {
  const Geometry& g = geometry_;
  const int64_t width = windows_.row_words / windows_.pixel_words;
  const int64_t stride = g.options.stride;
  if (!counted_) {
    counts_.resize(static_cast<size_t>(pixels() * windows_.pixel_words));
    kernels.popcounts(words_, pixels() * windows_.pixel_words, counts_.data());
    counted_ = true;
  }
  sum_pixels(factors);

  const int64_t out_rows = (rows_ - g.kernel_height) / stride + 1;
  sums.assign(static_cast<size_t>(out_rows * g.out_width), 0);
  for (int64_t row = 0; row < out_rows; ++row) {
    int32_t* out = sums.data() + row * g.out_width;
    for (int64_t t = 0; t < g.taps(); ++t) {
      const int32_t* in =
          pixels_.data() + (row * stride + t / g.kernel_width) * width + t % g.kernel_width;
      if (stride == 1) {
        for (int64_t column = 0; column < g.out_width; ++column) out[column] += in[column];
      } else {
        for (int64_t column = 0; column < g.out_width; ++column) out[column] += in[column * stride];
      }
    }
  }
}

/// pixels_ = sum over planes of factor popcount.
void Chunk::sum_pixels(const std::vector<int32_t>& factors) {
  pixels_.assign(static_cast<size_t>(pixels()), 0);
  for (size_t plane = 0; plane < factors.size(); ++plane) {
    if (factors[plane] == 0) continue;
    const int32_t* count = counts_.data() + static_cast<int64_t>(plane) * windows_.plane_words;
    for (int32_t& pixel : pixels_) {
      int32_t sum = 0;
      for (int64_t i = 0; i < windows_.plane_words; ++i) sum += count[i];
      pixel += factors[plane] * sum;
      count += windows_.pixel_words;
    }
  }
}

}  // namespace fracbit::ops::bit_product
