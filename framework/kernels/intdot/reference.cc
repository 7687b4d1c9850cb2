// The products number by number, as their definition reads. Slow, and checked by eye.

#include "fracbit/framework/kernels/intdot/intdot.h"

namespace fracbit::kernels::intdot {
namespace {

/// The dot product of two groups.
using Dot = int64_t (*)(const uint8_t* x, const uint8_t* w);

int64_t dot_bytes(const uint8_t* x, const uint8_t* w) {
  int64_t sum = 0;
  for (int j = 0; j < 4; ++j) sum += int64_t{x[j]} * static_cast<int8_t>(w[j]);
  return sum;
}

int64_t word(const uint8_t* p) {
  return static_cast<int16_t>(p[0] | p[1] << 8);
}

int64_t dot_words(const uint8_t* x, const uint8_t* w) {
  return word(x) * word(w) + word(x + 2) * word(w + 2);
}

/// D modulo 2^32.
int32_t sum_of(const Product& d, Dot dot, int64_t pixel, int64_t lane) {
  int64_t sum = 0;
  for (int64_t t = 0; t < d.taps; ++t) {
    for (int64_t k = 0; k < d.run; ++k) {
      const int64_t group = (lane / kLanes * d.taps + t) * d.run + k;
      sum += dot(d.x + d.window[pixel] + d.tap[t] + k * kGroup,
                 d.w + group * kBlock + lane % kLanes * kGroup);
    }
  }
  const int64_t row = d.term_row == nullptr ? 0 : d.term_row[pixel];
  return static_cast<int32_t>(d.factor * sum + d.term[row * d.term_step + lane]);
}

template <Dot dot>
void integers(const Product& d) noexcept {
  for (int64_t p = 0; p < d.pixels; ++p) {
    for (int64_t l = 0; l < d.lanes; ++l) d.out[d.place[p] + l] = sum_of(d, dot, p, l);
  }
}

template <Dot dot>
void scaled(const Product& d) noexcept {
  for (int64_t p = 0; p < d.pixels; ++p) {
    for (int64_t l = 0; l < d.lanes; ++l) {
      d.y[d.place[p] + l] = d.scale[p * d.scale_step] * static_cast<real>(sum_of(d, dot, p, l));
    }
  }
}

real fused(real a, real b, real c) {
  return sizeof(real) == 4
             ? static_cast<real>(__builtin_fmaf(static_cast<float>(a), static_cast<float>(b),
                                                static_cast<float>(c)))
             : static_cast<real>(__builtin_fma(a, b, c));
}

template <Dot dot>
void outer(const Outer& d) noexcept {
  for (int r = 0; r < d.rows; ++r) {
    for (int l = 0; l < d.lanes; ++l) {
      real& total = d.sum[r * d.sum_step + l];
      for (int64_t b = 0; b < d.samples; ++b) {
        int64_t sum = 0;
        for (int64_t i = 0; i < d.lines; ++i) {
          for (int64_t k = 0; k < d.run; ++k) {
            sum += dot(d.g + b * d.g_sample + i * d.g_line + k * d.g_step + r * kGroup,
                       d.x + b * d.x_sample + i * d.x_line + k * d.x_step + l * kGroup);
          }
        }
        const auto exact = static_cast<int32_t>(d.factor * sum + d.term[b * d.term_sample + l]);
        total = fused(d.scale[b], static_cast<real>(exact), total);
      }
    }
  }
}

template <Dot dot>
void sums(const Outer& d, int32_t multiple, int32_t* to) noexcept {
  constexpr uint8_t kOneBytes[] = {1, 1, 1, 1};
  constexpr uint8_t kOneWords[] = {1, 0, 1, 0};
  for (int64_t b = 0; b < d.samples; ++b) {
    for (int l = 0; l < d.lanes; ++l) {
      int64_t sum = 0;
      for (int64_t i = 0; i < d.lines; ++i) {
        for (int64_t k = 0; k < d.run; ++k) {
          sum += dot(dot == dot_bytes ? kOneBytes : kOneWords,
                     d.x + b * d.x_sample + i * d.x_line + k * d.x_step + l * kGroup);
        }
      }
      to[b * d.term_sample + l] = static_cast<int32_t>(multiple * sum);
    }
  }
}

template <typename T, int kRows>
void interleave(const T* const* from, int64_t n, uint8_t* to, int64_t block_step) noexcept {
  const int64_t padded = (n + kLanes - 1) / kLanes * kLanes;
  for (int64_t i = 0; i < padded; ++i) {
    for (int j = 0; j < kRows; ++j) {
      const T number = i < n ? from[j][i] : T{0};
      __builtin_memcpy(
          to + i / kLanes * block_step + i % kLanes * kGroup + j * static_cast<int64_t>(sizeof(T)),
          &number, sizeof number);
    }
  }
}

}  // namespace

extern const Kernels kReference;
const Kernels kReference = {
    "reference",
    true,
    {integers<dot_bytes>, scaled<dot_bytes>, outer<dot_bytes>, sums<dot_bytes>},
    {integers<dot_words>, scaled<dot_words>, outer<dot_words>, sums<dot_words>},
    interleave<uint8_t, 4>,
    interleave<int16_t, 2>};

}  // namespace fracbit::kernels::intdot
