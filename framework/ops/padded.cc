#include "fracbit/framework/ops/padded.h"

#include <algorithm>

#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
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

}  // namespace fracbit::ops
