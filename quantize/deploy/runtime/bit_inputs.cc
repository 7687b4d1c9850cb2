#include "fracbit/quantize/deploy/runtime/bit_inputs.h"

#include <bit>

#include "fracbit/quantize/deploy/runtime/scratch.h"

namespace fracbit::deploy::runtime {
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

BitInputs::BitInputs(const Frame& frame)
    : frame_(frame),
      copied_(frame.groups > 1),
      plane_words_(ceil_div(frame.group_channels, 64)),
      pixel_words_(frame.in.planes() * plane_words_),
      row_words_(columns() * pixel_words_),
      image_words_(frame.in.bytes() / 8) {
  for (int64_t t = 0; t < frame.taps(); ++t) {
    const int64_t first =
        t / frame.kernel_width * row_words_ + t % frame.kernel_width * pixel_words_;
    for (int64_t i = 0; i < plane_words_; ++i) taps_.push_back(first + i);
  }
}

int64_t BitInputs::columns() const {
  return frame_.in.value.width + frame_.in.border_begin + frame_.in.border_end;
}

int64_t BitInputs::input_pixels(int64_t lines) const {
  return (frame_.dense ? lines * frame_.kernel_height : frame_.input_rows(lines)) * columns();
}

int64_t BitInputs::scratch_bytes(int64_t lines) const {
  const int64_t copy = copied_ ? input_pixels(lines) * pixel_words_ : 0;
  return scratch_bytes_of<int64_t>(lines * frame_.line_pixels()) +
         scratch_bytes_of<int32_t>(input_pixels(lines)) + scratch_bytes_of<uint64_t>(copy);
}

void BitInputs::copy_group(const Part& part, int64_t group, uint64_t* to) const {
  const int64_t from_plane = frame_.in.words_per_plane();
  const auto* from = reinterpret_cast<const uint64_t*>(part.in + part.first * frame_.stride *
                                                                     frame_.in.row_bytes());
  const int64_t planes = input_pixels(part.lines) * frame_.in.planes();
  for (int64_t p = 0; p < planes; ++p, from += from_plane, to += plane_words_) {
    copy_bits(from, group * frame_.group_channels, frame_.group_channels, to);
  }
}

BitInputs::View BitInputs::load(const Part& part, int64_t group) const {
  Scratch scratch(part.scratch);
  const int64_t pixels = frame_.line_pixels();
  auto* windows = scratch.take<int64_t>(part.lines * pixels);
  const int64_t step = frame_.dense ? image_words_ : frame_.stride * row_words_;
  for (int64_t line = 0; line < part.lines; ++line) {
    for (int64_t j = 0; j < pixels; ++j) {
      windows[line * pixels + j] = line * step + j * frame_.stride * pixel_words_;
    }
  }
  auto* counts = scratch.take<int32_t>(input_pixels(part.lines));
  if (!copied_) {
    const std::byte* first = part.in + part.first * frame_.stride * frame_.in.row_bytes();
    return {reinterpret_cast<const uint64_t*>(first), windows, counts};
  }
  auto* copy = scratch.take<uint64_t>(input_pixels(part.lines) * pixel_words_);
  copy_group(part, group, copy);
  return {copy, windows, counts};
}

int32_t BitInputs::count(const uint64_t* pixel, const std::vector<int32_t>& factors) const {
  int32_t sum = 0;
  for (size_t plane = 0; plane < factors.size(); ++plane, pixel += plane_words_) {
    if (factors[plane] == 0) continue;
    int32_t bits = 0;
    for (int64_t i = 0; i < plane_words_; ++i) bits += std::popcount(pixel[i]);
    sum += factors[plane] * bits;
  }
  return sum;
}

void BitInputs::sum_windows(const View& x, int64_t lines, const std::vector<int32_t>& factors,
                            int32_t* sums) const {
  if (frame_.dense) {
    for (int64_t line = 0; line < lines; ++line) {
      const uint64_t* pixel = x.words + x.windows[line];
      sums[line] = 0;
      for (int64_t p = 0; p < frame_.taps(); ++p, pixel += pixel_words_) {
        sums[line] += count(pixel, factors);
      }
    }
    return;
  }
  for (int64_t p = 0; p < input_pixels(lines); ++p) {
    x.counts[p] = count(x.words + p * pixel_words_, factors);
  }
  for (int64_t line = 0; line < lines; ++line, sums += frame_.out_width) {
    for (int64_t j = 0; j < frame_.out_width; ++j) sums[j] = 0;
    for (int64_t t = 0; t < frame_.taps(); ++t) {
      const int32_t* in = x.counts + (line * frame_.stride + t / frame_.kernel_width) * columns() +
                          t % frame_.kernel_width;
      for (int64_t j = 0; j < frame_.out_width; ++j) sums[j] += in[j * frame_.stride];
    }
  }
}

}  // namespace fracbit::deploy::runtime
