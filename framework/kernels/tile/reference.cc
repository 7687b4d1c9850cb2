#include "fracbit/framework/kernels/tile/reference.h"

namespace fracbit::kernels::tile::reference {

void product(int64_t rows, int64_t columns, const real* const* a, int64_t taps, int64_t length,
             const real* b, const real* const* start, real* const* c) noexcept {
  for (int64_t m = 0; m < rows; ++m) {
    for (int64_t n = 0; n < columns; ++n) {
      real sum = start[m][n];
      for (int64_t i = 0; i < taps * length; ++i) {
        sum += a[i / length * rows + m][i % length] * b[i * columns + n];
      }
      c[m][n] = sum;
    }
  }
}

void outer(int64_t rows, int64_t columns, const Runs& a, const Runs& b, int64_t runs,
           int64_t length, bool add, real* c, int64_t c_step) noexcept {
  for (int64_t m = 0; m < rows; ++m) {
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

void copy(const real* source, int64_t step, int64_t count, int64_t length, int64_t columns,
          real* panel) noexcept {
  for (int64_t k = 0; k < length; ++k) {
    for (int64_t n = 0; n < columns; ++n) {
      panel[k * columns + n] = n < count ? source[k * step + n] : 0;
    }
  }
}

}  // namespace fracbit::kernels::tile::reference
