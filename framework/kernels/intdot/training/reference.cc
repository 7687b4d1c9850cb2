// What training takes, number by number, as its definition reads. Slow, and checked by eye.

#include "fracbit/framework/kernels/intdot/training/training.h"

namespace fracbit::kernels::intdot::training {
namespace {

#include "fracbit/framework/kernels/intdot/reference.inc.h"

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
const Kernels kReference = {"reference",
                            {scaled<dot_bytes>, outer<dot_bytes>, sums<dot_bytes>},
                            {scaled<dot_words>, outer<dot_words>, sums<dot_words>},
                            interleave<uint8_t, 4>,
                            interleave<int16_t, 2>};

}  // namespace fracbit::kernels::intdot::training
