#include <algorithm>
#include <cstring>

#include "fracbit/framework/kernels/table/table.h"
#include "fracbit/framework/ops/integer_gradient/weight.h"

namespace fracbit::ops::integer_gradient {
namespace {

namespace table = kernels::table;
using table::kBytes, table::kChannels, table::kCodes, table::kVectors, table::kWord, table::Method;

int64_t planes_of(const Choice& choice) {
  return choice.method == Method::planes ? 2 : 1;
}

/// Bytes of the codes of a block; nibbles need no second table.
int64_t ones_step(Method method) {
  return method == Method::nibbles ? kBytes : table::table_bytes(method);
}

/// Codes of 1 as kernels read them: tables, or the codes themselves; or tables of signs that
/// hold 2.
Buffer<uint8_t> make_ones(const WeightLayout& layout, const Choice& choice) {
  if (choice.method == Method::dot) {
    Buffer<uint8_t> ones(layout.pixels);
    std::copy(layout.ones.begin(), layout.ones.end(), ones.data());
    return ones;
  }
  Buffer<uint8_t> ones(layout.blocks * ones_step(choice.method));
  if (choice.method == Method::signs) {
    ones.fill(2);
  } else {
    choice.kernels->make_tables(Method::table, layout.ones.data(), layout.blocks, 1, ones.data(),
                                kBytes);
  }
  return ones;
}

}  // namespace

WeightIndex::WeightIndex(const ScaledBits& x, const WeightLayout& layout, const Choice& choice,
                         int32_t top, int64_t word, int64_t samples)
    : x_(x.bits),
      layout_(layout),
      choice_(choice),
      dot_(choice.method == Method::dot),
      top_(top),
      planes_(planes_of(choice)),
      word_(word),
      blocks_(layout.block_offsets()),
      rows_(layout.needed_rows()),
      line_plane_(layout.all_line_rows * layout.s.options.stride * layout.line_columns),
      lines_(x.bits.bits() * line_plane_),
      ones_(make_ones(layout, choice)),
      index_(samples * sample_bytes()) {
  const std::vector<int64_t> taps = layout.tap_offsets();
  const std::vector<int32_t> inside = layout.inside();
  const int64_t channels = std::min<int64_t>(kWord, layout.s.channels - word * kWord);
  for (int64_t vector = 0; vector * kChannels < channels; ++vector) {
    for (size_t tap = 0; tap < taps.size(); ++tap) {
      stream_.push_back(vector * layout.index_bytes() + taps[tap]);
      offsets_.push_back(-top * choice.operand.base * inside[tap]);
    }
  }
  starts_ = Buffer<int32_t>(samples * start_step());
  const int64_t stride = layout.s.options.stride;
  for (int64_t phase = 0; phase < stride; ++phase) {
    columns_.push_back(rows_inside(layout.line_columns, layout.s.width,
                                   phase - layout.s.options.padding_begin, stride));
  }
  lines_.fill(0);
}

int64_t WeightIndex::bytes(const WeightLayout& layout) {
  return kVectors * layout.index_bytes();
}

const uint64_t* WeightIndex::line(int64_t row, int64_t v) const {
  const int64_t stride = layout_.s.options.stride;
  return lines_.data() + (row * stride + v % stride) * layout_.line_columns + v / stride;
}

/// The words of one sample; what is outside x stays 0.
void WeightIndex::fill_lines(int64_t sample) {
  const Conv2dGeometry& s = layout_.s;
  const int64_t stride = s.options.stride, padding = s.options.padding_begin;
  const int64_t pixel = x_.words_per_row();
  const int64_t rows = std::min(s.height, layout_.all_line_rows - padding);
  for (int64_t y = 0; y < rows; ++y) {
    const uint64_t* from = x_.row((sample * s.height + y) * s.width) + word_;
    for (int64_t phase = 0; phase < stride; ++phase) {
      uint64_t* to = lines_.data() + ((y + padding) * stride + phase) * layout_.line_columns;
      const Span inside = columns_[static_cast<size_t>(phase)];
      const uint64_t* word = from + (phase - padding) * pixel;
      for (int p = 0; p < x_.bits(); ++p, to += line_plane_, word += x_.words_per_plane()) {
        for (int64_t i = inside.begin; i < inside.end; ++i) to[i] = word[i * stride * pixel];
      }
    }
  }
}

void WeightIndex::make(int64_t sample, int64_t at) {
  fill_lines(sample);
  uint8_t* to = index_.data() + at * sample_bytes();
  for (int64_t v = 0; v < layout_.s.kernel_width; ++v) {
    for (const int64_t row : rows_) make_row(v, row, to + layout_.index_at(v, row, 0));
  }
  choice_.kernels->index_sum[static_cast<int>(choice_.method)](
      {layout_.blocks, streams(), to, stream_.data(), blocks_.data(), ones_.data(),
       ones_step(choice_.method), -top_ * choice_.operand.factor, offsets_.data(),
       starts_.data() + at * start_step()});
}

/// The indices of all column blocks that begin at a row.
void WeightIndex::make_row(int64_t v, int64_t row, uint8_t* to) const {
  const int64_t columns = layout_.block_columns;
  for (int64_t block = 0; block < layout_.column_blocks; ++block, to += layout_.one_index) {
    if (dot_) {
      make_levels(v, row, block * columns, to);
      continue;
    }
    uint64_t words[2 * kCodes];
    take_words(v, row, block, words);
    choice_.kernels->make_index(choice_.method, words, to, layout_.index_bytes());
  }
}

/// The words of a block, plane by plane; 0 in columns beside dy, where x may go on.
void WeightIndex::take_words(int64_t v, int64_t row, int64_t block, uint64_t* words) const {
  const int64_t columns = layout_.block_columns;
  const int64_t inside = std::min(columns, layout_.s.out_width - block * columns);
  for (int64_t plane = 0; plane < planes_; ++plane) {
    for (int64_t r = 0; r < layout_.block_rows; ++r, words += columns) {
      const uint64_t* from =
          line(row + r * layout_.s.options.stride, v) + plane * line_plane_ + block * columns;
      for (int64_t i = 0; i < columns; i += 4) {
        std::memcpy(words + i, from + i, 4 * sizeof(uint64_t));
      }
      for (int64_t i = inside; i < columns; ++i) words[i] = 0;
    }
  }
}

/// The index of four columns from `first` on; columns outside x have no levels.
void WeightIndex::make_levels(int64_t v, int64_t row, int64_t first, uint8_t* to) const {
  const Conv2dGeometry& s = layout_.s;
  const uint64_t* pixels[4] = {};
  const int64_t y = row - s.options.padding_begin;
  const Span inside = columns_[static_cast<size_t>(v % s.options.stride)];
  for (int64_t i = 0; i < 4 && y >= 0 && y < s.height; ++i) {
    const int64_t column = first + i + v / s.options.stride;
    if (column >= inside.begin && column < inside.end) pixels[i] = line(row, v) + first + i;
  }
  choice_.kernels->make_levels(pixels, x_.bits(), line_plane_, choice_.operand.mul,
                               choice_.operand.add, to, layout_.index_bytes());
}

}  // namespace fracbit::ops::integer_gradient
