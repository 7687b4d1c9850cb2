// The codes element by element, as their definition reads. Slow, and checked by eye.

#include "fracbit/framework/kernels/residual/residual.h"

namespace fracbit::kernels::residual {
namespace {

real absolute(real v) {
  return v >= 0 ? v : -v;
}

real key_of(real x, const Key& key) {
  return key.negative ? -absolute(x) : absolute(absolute(x) - key.centre);
}

int width_of(const real* x, int64_t i, const Code& code) {
  if (code.widths == Widths::uniform) return code.terms;
  if (code.widths == Widths::stored) return code.stored[i];
  int width = 1;
  for (real cut : code.cut) width += key_of(x[i], code.key) > cut;
  return width < code.terms ? width : code.terms;
}

/// E_term of an element.
real left_over(real e, const Code& code, int term) {
  for (int t = 0; t < term; ++t) e -= e >= 0 ? code.mu[t] : -code.mu[t];
  return e;
}

struct LaneSums {
  double lane[kLanes] = {};
  double total() {
    for (int width = kLanes / 2; width > 0; width /= 2) {
      for (int l = 0; l < width; ++l) lane[l] += lane[l + width];
    }
    return lane[0];
  }
};

double magnitude(const real* x, int64_t n) noexcept {
  LaneSums sums;
  for (int64_t i = 0; i < n; ++i) sums.lane[i % kLanes] += static_cast<double>(absolute(x[i]));
  return sums.total();
}

Sum term(const real* x, int64_t n, const Code& code, int term) noexcept {
  LaneSums sums;
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (width_of(x, i, code) <= term) continue;
    sums.lane[i % kLanes] += static_cast<double>(absolute(left_over(x[i], code, term)));
    ++count;
  }
  return {sums.total(), count};
}

template <typename Out>
void levels(const real* x, int64_t n, const Code& code, const real* level, Out* out) noexcept {
  for (int64_t i = 0; i < n; ++i) {
    real sum = 0;
    for (int t = 0; t < width_of(x, i, code); ++t) {
      sum += left_over(x[i], code, t) >= 0 ? level[t] : -level[t];
    }
    out[i] = static_cast<Out>(sum);
  }
}

void planes(const real* x, int64_t n, const Code& code, uint64_t* row) noexcept {
  const int64_t plane_words = (n + 63) / 64;
  for (int64_t w = 0; w < 2 * code.terms * plane_words; ++w) row[w] = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int t = 0; t < width_of(x, i, code); ++t) {
      const uint64_t bit = uint64_t{1} << (i % 64);
      uint64_t* sign = row + 2 * t * plane_words + i / 64;
      if (left_over(x[i], code, t) >= 0) *sign |= bit;
      sign[plane_words] |= bit;
    }
  }
}

void widths(const real* x, int64_t n, const Code& code, uint8_t* out) noexcept {
  for (int64_t i = 0; i < n; ++i) {
    out[i] = 1;
    for (real cut : code.cut) {
      out[i] = static_cast<uint8_t>(out[i] + (key_of(x[i], code.key) > cut));
    }
  }
}

void count(const real* x, int64_t n, real centre, uint32_t* bins) noexcept {
  for (int64_t i = 0; i < n; ++i) ++bins[bin_of(key_of(x[i], {centre, false}))];
}

void collect(const real* x, int64_t n, real centre, Bracket* brackets, int64_t number) noexcept {
  for (int64_t i = 0; i < n; ++i) {
    const real key = key_of(x[i], {centre, false});
    for (Bracket* b = brackets; b < brackets + number; ++b) {
      if (key < b->low) ++b->below;
      if (key >= b->low && key < b->high) b->kept[b->count++] = key;
    }
  }
}

}  // namespace

extern const Kernels kReference;
const Kernels kReference = {"reference",     magnitude, term,   levels<real>, levels<int8_t>,
                            levels<int16_t>, planes,    widths, count,        collect};

}  // namespace fracbit::kernels::residual
