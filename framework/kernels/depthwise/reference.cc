#include "fracbit/framework/kernels/depthwise/reference.h"

namespace fracbit::kernels::depthwise::reference {

void product(const Run& run, const real* w, const real* start, real* y) noexcept {
  for (int64_t p = 0; p < run.pixels; ++p) {
    for (int64_t c = 0; c < run.channels; ++c) {
      real sum = start[c];
      for (int64_t u = 0; u < run.tap_rows; ++u) {
        for (int64_t v = 0; v < run.tap_columns; ++v) {
          sum += run.x[u * run.x_row + p * run.x_pixel + v * run.channels + c] *
                 w[u * run.w_row + v * run.channels + c];
        }
      }
      y[p * run.y_pixel + c] = sum;
    }
  }
}

void outer(const Run& run, const real* dy, real* dw) noexcept {
  for (int64_t u = 0; u < run.tap_rows; ++u) {
    for (int64_t v = 0; v < run.tap_columns; ++v) {
      for (int64_t c = 0; c < run.channels; ++c) {
        real& sum = dw[u * run.w_row + v * run.channels + c];
        for (int64_t p = 0; p < run.pixels; ++p) {
          sum += run.x[u * run.x_row + p * run.x_pixel + v * run.channels + c] *
                 dy[p * run.y_pixel + c];
        }
      }
    }
  }
}

}  // namespace fracbit::kernels::depthwise::reference
