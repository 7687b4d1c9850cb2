#include "fracbit/framework/ops/padded.h"

#include <algorithm>
#include <cstring>

#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

constexpr int64_t kVector = 16;

/// to[k] = from[k], k < length, in whole vectors: up to kVector - 1 reals more are read and
/// written.
void copy_run(const real* from, int64_t length, real* to) {
  for (int64_t k = 0; k < length; k += kVector)
    std::memcpy(to + k, from + k, kVector * sizeof(real));
}

}  // namespace

int64_t patches_slack() {
  return kVector;
}

Tensor padded_copy(const Tensor& x, int64_t begin, int64_t end, int64_t slack) {
  const Shape& s = x.shape();
  const int64_t row = s[2] * s[3];
  const int64_t height = s[1] + begin + end;
  const int64_t padded_row = (s[2] + begin + end) * s[3];
  Tensor padded = Tensor::uninitialized({s[0] * height * padded_row + slack});
  parallel_for(s[0] * height, 64, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      real* to = padded.data() + i * padded_row;
      const int64_t source_row = i % height - begin;
      if (source_row < 0 || source_row >= s[1]) {
        std::fill(to, to + padded_row, real{0});
        continue;
      }
      std::fill(to, to + begin * s[3], real{0});
      std::copy_n(x.data() + (i / height * s[1] + source_row) * row, row, to + begin * s[3]);
      std::fill(to + begin * s[3] + row, to + padded_row, real{0});
    }
  });
  std::fill(padded.data() + padded.size() - slack, padded.data() + padded.size(), real{0});
  return padded;
}

Tensor patches(const Conv2dGeometry& g, const Tensor& padded, int64_t slack) {
  const int64_t padding = g.options.padding_begin + g.options.padding_end;
  const int64_t padded_width = (g.width + padding) * g.channels;
  const int64_t length = g.kernel_width * g.channels;
  const int64_t rows = g.images * g.out_height;
  Tensor made = Tensor::uninitialized({rows * g.out_width * g.filter_size() + slack});
  parallel_for(rows, 16, [&](int64_t begin, int64_t end) {
    real* to = made.data() + begin * g.out_width * g.filter_size();
    const real* last = made.data() + end * g.out_width * g.filter_size() - kVector - length;
    for (int64_t row = begin; row < end; ++row) {
      const int64_t first_row =
          row / g.out_height * (g.height + padding) + row % g.out_height * g.options.stride;
      for (int64_t j = 0; j < g.out_width; ++j) {
        const real* from =
            padded.data() + first_row * padded_width + j * g.options.stride * g.channels;
        for (int64_t u = 0; u < g.kernel_height; ++u, to += length, from += padded_width) {
          // What is written past a run the next one replaces, if it is this task's.
          if (to <= last) {
            copy_run(from, length, to);
          } else {
            std::copy_n(from, length, to);
          }
        }
      }
    }
  });
  std::fill(made.data() + made.size() - slack, made.data() + made.size(), real{0});
  return made;
}

}  // namespace fracbit::ops
