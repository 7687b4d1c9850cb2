#include "fracbit/framework/kernels/tile/tile.h"

namespace fracbit::kernels {
namespace {

constexpr int64_t kRows = 3;
constexpr int64_t kColumns = 4;
constexpr int64_t kTaps = 2;

template <int64_t columns>
void product(const real* const* a, int64_t taps, int64_t length, const real* b,
             const real* const* start, real* const* c) noexcept {
  real sums[kRows][columns];
  for (int64_t m = 0; m < kRows; ++m) {
    for (int64_t n = 0; n < columns; ++n) {
      sums[m][n] = start[m][n];
      for (int64_t i = 0; i < taps * length; ++i) {
        sums[m][n] += a[i / length * kRows + m][i % length] * b[i * columns + n];
      }
    }
  }
  for (int64_t m = 0; m < kRows; ++m) {
    for (int64_t n = 0; n < columns; ++n) c[m][n] = sums[m][n];
  }
}

template <int64_t columns>
void outer(const TileRuns& a, const TileRuns& b, int64_t runs, int64_t length, bool add, real* c,
           int64_t c_step) noexcept {
  for (int64_t m = 0; m < kRows; ++m) {
    for (int64_t n = 0; n < columns; ++n) {
      real sum = 0;
      for (int64_t r = 0; r < runs; ++r) {
        for (int64_t k = 0; k < length; ++k) {
          sum += a.base[a.at[r] + k * a.step + m] * b.base[b.at[r] + k * b.step + n];
        }
      }
      c[m * c_step + n] = add ? c[m * c_step + n] + sum : sum;
    }
  }
}

void pack(const real* source, int64_t step, int64_t count, int64_t length, int64_t columns,
          real* panel) noexcept {
  for (int64_t k = 0; k < length; ++k) {
    for (int64_t n = 0; n < columns; ++n) {
      panel[k * columns + n] = n < count ? source[n * step + k] : 0;
    }
  }
}

void depthwise_product(const real* const* x, int64_t taps, const real* w, const real* start,
                       int64_t channels, real* const* y) noexcept {
  for (int64_t m = 0; m < kRows; ++m) {
    for (int64_t c = 0; c < channels; ++c) {
      real sum = start[c];
      for (int64_t t = 0; t < taps; ++t) sum += x[t * kRows + m][c] * w[t * channels + c];
      y[m][c] = sum;
    }
  }
}

void depthwise_outer(const real* const* x, const real* const* dy, int64_t pixels, int64_t channels,
                     real* dw) noexcept {
  for (int64_t t = 0; t < kTaps; ++t) {
    for (int64_t c = 0; c < channels; ++c) {
      real sum = 0;
      for (int64_t p = 0; p < pixels; ++p) sum += x[p * kTaps + t][c] * dy[p][c];
      dw[t * channels + c] += sum;
    }
  }
}

constexpr TileKernels kReference = {kRows,
                                    kColumns,
                                    kRows,
                                    kTaps,
                                    product<kColumns>,
                                    product<kColumns / 2>,
                                    outer<kColumns>,
                                    outer<kColumns / 2>,
                                    pack,
                                    depthwise_product,
                                    depthwise_outer};

}  // namespace

const TileKernels& tile_reference() noexcept {
  return kReference;
}

}  // namespace fracbit::kernels
