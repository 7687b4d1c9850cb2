#include <algorithm>
#include <array>
#include <cstring>

#include "fracbit/framework/kernels/table/table.h"
#include "fracbit/framework/ops/integer_gradient/weight.h"

namespace fracbit::ops::integer_gradient {
namespace {

namespace table = kernels::table;
using table::kCodes, table::kFilters, table::Method;

/// Bytes of the tables of four filters, so that they stay in the first cache.
constexpr int64_t kTableBytes = 16 << 10;
/// Bytes after the codes of a filter, so that those of the next ones do not meet in one cache set.
constexpr int64_t kGap = 64;

}  // namespace

WeightCodes::WeightCodes(const GradientCodes& g, const WeightLayout& layout, const Choice& choice,
                         int64_t filter, int64_t filters, int64_t samples)
    : g_(g),
      layout_(layout),
      choice_(choice),
      dot_(choice.method == Method::dot),
      signs_(choice.method == Method::signs),
      filter_(filter),
      filters_(filters),
      rows_((filters + kCodes - 1) / kCodes * kCodes),
      table_samples_(samples),
      row_bytes_(layout.pixels + kGap),
      codes_(samples * rows_ * row_bytes_) {
  if (!dot_) {
    const int64_t bytes = layout.blocks * q_block();
    table_samples_ = std::clamp<int64_t>(kTableBytes / bytes, 1, samples);
    tables_ = Buffer<uint8_t>(table_samples_ * bytes);
  }
  if (choice.operand.base != 0 || signs_) terms_ = Buffer<int32_t>(samples * term_step());
}

int64_t WeightCodes::q_filter() const {
  return dot_ ? row_bytes_ : table::table_bytes(choice_.method);
}

int64_t WeightCodes::q_block() const {
  return dot_ ? 4 : kFilters * q_filter();
}

int64_t WeightCodes::q_sample() const {
  return dot_ ? rows_ * row_bytes_ : layout_.blocks * q_block();
}

const uint8_t* WeightCodes::q(int64_t quad, int64_t at) const {
  return dot_ ? codes_.data() + (at * rows_ + quad * kFilters) * row_bytes_ : tables_.data();
}

const int32_t* WeightCodes::term(int64_t quad, int64_t at) const {
  return terms_.empty() ? nullptr : terms_.data() + at * term_step() + quad * kFilters;
}

void WeightCodes::make(int64_t sample, int64_t at) {
  turn(sample, at);
  if (!terms_.empty()) make_terms(sample, at);
}

/// The codes of each filter in the order of the blocks, 0 where a block has no pixel.
void WeightCodes::turn(int64_t sample, int64_t at) {
  const std::array<uint8_t, kCodes> zeros{};
  const uint8_t* from = g_.codes.data() + sample * g_.shape.stride0() + filter_;
  uint8_t staged[kCodes][kCodes] = {};
  const uint8_t* run[kCodes];
  for (int64_t p = 0; p < layout_.pixels; p += kCodes) {
    const int64_t* pixel = layout_.pixel.data() + p;
    for (int64_t f = 0; f < filters_; f += kCodes) {
      const int64_t left = filters_ - f;
      for (int i = 0; i < kCodes; ++i) {
        run[i] = pixel[i] < 0 ? zeros.data() : from + pixel[i] + f;
        if (left >= kCodes) continue;
        std::memcpy(staged[i], run[i], static_cast<size_t>(left));
        run[i] = staged[i];
      }
      choice_.kernels->turn(run, codes_.data() + (at * rows_ + f) * row_bytes_ + p, row_bytes_);
    }
  }
}

void WeightCodes::make_terms(int64_t sample, int64_t at) {
  const Conv2dGeometry& s = layout_.s;
  int32_t* terms = terms_.data() + at * term_step();
  std::fill_n(terms, term_step(), 0);
  if (signs_) add_sums(at, terms);
  if (choice_.operand.base == 0) return;
  const uint8_t* codes = g_.codes.data() + sample * g_.shape.stride0() + filter_;
  std::vector<int32_t> sums(static_cast<size_t>(filters_));
  for (int64_t row = 0; row < s.out_height; ++row) {
    add_row_terms(codes + row * s.out_width * s.filters, row, sums, terms);
  }
}

/// Adds half the gradients of all codes of a block, whether or not it has a pixel there, to each
/// tap.
void WeightCodes::add_sums(int64_t at, int32_t* terms) const {
  const int32_t factor = choice_.operand.factor;
  const int64_t codes = layout_.pixels - 4 * std::ssize(layout_.empty);
  const int32_t middle = static_cast<int32_t>(codes / 2) * g_.top();
  for (int64_t f = 0; f < filters_; ++f) {
    int32_t sum;
    choice_.kernels->code_sums(codes_.data() + (at * rows_ + f) * row_bytes_, 1, layout_.pixels,
                               &sum);
    for (int64_t tap = 0; tap < layout_.s.taps(); ++tap) {
      terms[tap * rows_ + f] = factor * (sum - middle);
    }
  }
}

/// Adds the codes of one row of dy to the taps that are inside x there; `sums` is room for them.
void WeightCodes::add_row_terms(const uint8_t* codes, int64_t row, std::vector<int32_t>& sums,
                                int32_t* terms) const {
  const Conv2dGeometry& s = layout_.s;
  const int64_t padding = s.options.padding_begin, stride = s.options.stride;
  const int32_t factor = 2 * choice_.operand.base;
  for (int64_t v = 0; v < s.kernel_width; ++v) {
    const Span columns = rows_inside(s.out_width, s.width, v - padding, stride);
    std::fill(sums.begin(), sums.end(), 0);
    for (int64_t j = columns.begin; j < columns.end; ++j) {
      const uint8_t* q = codes + j * s.filters;
      for (int64_t f = 0; f < filters_; ++f) sums[static_cast<size_t>(f)] += q[f];
    }
    for (int64_t u = 0; u < s.kernel_height; ++u) {
      const int64_t y = row * stride + u - padding;
      if (y < 0 || y >= s.height) continue;
      int32_t* term = terms + (u * s.kernel_width + v) * rows_;
      for (int64_t f = 0; f < filters_; ++f) term[f] += factor * sums[static_cast<size_t>(f)];
    }
  }
}

void WeightCodes::make_tables(int64_t quad, int64_t at, int64_t count) {
  if (dot_) return;
  for (int64_t b = 0; b < count; ++b) {
    for (int64_t f = 0; f < kFilters; ++f) {
      const uint8_t* codes = codes_.data() + ((at + b) * rows_ + quad * kFilters + f) * row_bytes_;
      uint8_t* to = tables_.data() + b * q_sample() + f * q_filter();
      choice_.kernels->make_tables(choice_.method, codes, layout_.blocks, g_.top(), to, q_block());
      if (signs_) empty_groups(to);
    }
  }
}

/// A group whose pixels are below dy, where x may go on, adds nothing.
void WeightCodes::empty_groups(uint8_t* tables) const {
  constexpr int64_t kGroups = 4;
  constexpr int64_t kBytes = table::table_bytes(Method::signs) / kGroups;
  for (const int64_t group : layout_.empty) {
    std::memset(tables + group / kGroups * q_block() + group % kGroups * kBytes, 2 * g_.top(),
                static_cast<size_t>(kBytes));
  }
}

}  // namespace fracbit::ops::integer_gradient
