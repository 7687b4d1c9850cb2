#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/ops/integer_gradient/method.h"
#include "fracbit/framework/ops/integer_gradient/operands.h"

namespace fracbit::ops::integer_gradient {

/// Rows (or columns) [begin, end).
struct Span {
  int64_t begin, end;
};
/// Those of 0 .. extent - 1 whose row times stride plus offset lies in 0 .. x_extent - 1.
Span rows_inside(int64_t extent, int64_t x_extent, int64_t offset, int64_t stride);

/// Cuts the pixels of dy into blocks of 16 (tables) or 4 (dot products): some columns of one row,
/// or of a few rows where dy is narrow. The index of a block for tap (u, v) is that of the pixels
/// of x which begin at the block's own place times the stride, plus (u, v); so each row and column
/// block of x has one index per v, and u is another row of it.
struct WeightLayout {
  WeightLayout(const Conv2dGeometry& shape, int64_t block_codes, int64_t depth,
               int64_t block_index);

  const Conv2dGeometry& s;
  int64_t codes;                      ///< of a block
  int64_t one_index;                  ///< bytes of an index
  int64_t block_rows, block_columns;  ///< their product is `codes`
  int64_t row_blocks, column_blocks;
  int64_t blocks;              ///< with those that fill up
  int64_t pixels;              ///< codes of a filter, a multiple of 16
  std::vector<int64_t> pixel;  ///< [pixels] codes from pixel 0 of dy to this one, or -1
  std::vector<uint8_t> ones;   ///< [pixels] 1 where there is one
  std::vector<int64_t> empty;  ///< groups of four pixels in rows below dy

  int64_t line_rows;      ///< rows of x with padding that indices begin at
  int64_t all_line_rows;  ///< and those that the last block reaches below
  int64_t line_columns;   ///< words of a line: one of `stride` phases of a row of x with padding

  int64_t index_bytes() const;  ///< of one vector of channels
  int64_t index_at(int64_t v, int64_t row, int64_t column_block) const;
  std::vector<int64_t> block_offsets() const;  ///< [blocks] from the index of tap (u, v)
  std::vector<int64_t> tap_offsets() const;    ///< [taps] from the index of a vector of channels
  std::vector<int64_t> needed_rows() const;    ///< rows of x where some block begins for some u
  std::vector<int32_t> inside() const;         ///< [taps] pixels of dy whose tap lies inside x
};

/// Indices of some samples for one word of 64 channels, and what their sums start from. A stream is
/// a tap of a vector of channels, tap by tap within the vector.
class WeightIndex {
 public:
  WeightIndex(const ScaledBits& x, const WeightLayout& layout, const Choice& choice, int32_t top,
              int64_t word, int64_t samples);

  /// Makes place `at` from a sample of x.
  void make(int64_t sample, int64_t at);

  int64_t word() const { return word_; }
  int64_t streams() const { return std::ssize(stream_); }
  const std::vector<int64_t>& blocks() const { return blocks_; }
  const std::vector<int64_t>& stream_offsets() const { return stream_; }
  const uint8_t* index(int64_t at) const { return index_.data() + at * sample_bytes(); }
  int64_t sample_bytes() const { return bytes(layout_); }
  /// -top (sum of the levels that a stream meets), [stream][16].
  const int32_t* start(int64_t at) const { return starts_.data() + at * start_step(); }
  int64_t start_step() const { return streams() * 16; }

  /// Bytes of a sample, to choose how many there are room for.
  static int64_t bytes(const WeightLayout& layout);

 private:
  void fill_lines(int64_t sample);
  void make_row(int64_t v, int64_t row, uint8_t* to) const;
  void take_words(int64_t v, int64_t row, int64_t block, uint64_t* words) const;
  void make_levels(int64_t v, int64_t row, int64_t first, uint8_t* to) const;
  const uint64_t* line(int64_t row, int64_t v) const;

  const BitTensor& x_;
  const WeightLayout& layout_;
  const Choice& choice_;
  bool dot_;
  int32_t top_;
  int64_t planes_, word_;
  std::vector<int64_t> blocks_, rows_, stream_;
  std::vector<int32_t> offsets_;  ///< [stream] of the starts
  std::vector<Span> columns_;     ///< of a line that are inside x, by phase
  int64_t line_plane_;            ///< words of a plane of lines
  Buffer<uint64_t> lines_;        ///< [plane][row][phase][column] of one sample, zeros around
  Buffer<uint8_t> ones_;          ///< codes of 1 where a block has a pixel
  Buffer<uint8_t> index_;         ///< [sample][vector][v][row][column block]
  Buffer<int32_t> starts_;        ///< [sample][stream][16]
};

/// Codes of some filters and samples, as kernels read them.
class WeightCodes {
 public:
  WeightCodes(const GradientCodes& g, const WeightLayout& layout, const Choice& choice,
              int64_t filter, int64_t filters, int64_t samples);

  /// Makes place `at` from a sample of g.
  void make(int64_t sample, int64_t at);
  /// Makes the tables of filters 4 quad .. 4 quad + 3 for places [at, at + count).
  void make_tables(int64_t quad, int64_t at, int64_t count);

  int64_t quads() const { return (filters_ + 3) / 4; }
  /// Samples whose tables are made together.
  int64_t table_samples() const { return table_samples_; }
  /// What the kernel reads for a quad at a place: tables as made last, or codes.
  const uint8_t* q(int64_t quad, int64_t at) const;
  int64_t q_sample() const, q_filter() const, q_block() const;
  /// 2 base (sum of the codes whose tap lies inside x), term_tap() from one tap to the next; or
  /// null if base is 0. Tables of signs want factor (sum of 2 q - top) / 2 of all codes besides.
  const int32_t* term(int64_t quad, int64_t at) const;
  int64_t term_tap() const { return rows_; }
  int64_t term_step() const { return layout_.s.taps() * rows_; }

 private:
  void turn(int64_t sample, int64_t at);
  void make_terms(int64_t sample, int64_t at);
  void add_sums(int64_t at, int32_t* terms) const;
  void empty_groups(uint8_t* tables) const;
  void add_row_terms(const uint8_t* codes, int64_t row, std::vector<int32_t>& sums,
                     int32_t* terms) const;

  const GradientCodes& g_;
  const WeightLayout& layout_;
  const Choice& choice_;
  bool dot_, signs_;
  int64_t filter_, filters_;
  int64_t rows_;  ///< filters, filled up to a multiple of 16
  int64_t table_samples_;
  int64_t row_bytes_;       ///< of the codes of a filter
  Buffer<uint8_t> codes_;   ///< [sample][filter][pixel]
  Buffer<uint8_t> tables_;  ///< [sample][block][4 filters] tables
  Buffer<int32_t> terms_;   ///< [sample][tap][filter]
};

}  // namespace fracbit::ops::integer_gradient
