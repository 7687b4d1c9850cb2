#include "fracbit/framework/ops/column_sums.h"

#include <vector>

#include "fracbit/framework/parallel.h"

namespace fracbit::ops {

Tensor column_sums(const Tensor& x) {
  constexpr int64_t kRows = 512;
  const int64_t columns = x.shape().back();
  const int64_t rows = columns == 0 ? 0 : x.size() / columns;
  const int64_t blocks = (rows + kRows - 1) / kRows;
  std::vector<double> partials(static_cast<size_t>(blocks * columns), 0.0);
  parallel_for(rows, kRows, [&](int64_t begin, int64_t end) {
    double* sums = partials.data() + begin / kRows * columns;
    for (int64_t row = begin; row < end; ++row) {
      const real* values = x.data() + row * columns;
      for (int64_t c = 0; c < columns; ++c) sums[c] += static_cast<double>(values[c]);
    }
  });
  Tensor sums = Tensor::zeros({columns});
  if (blocks == 0) return sums;
  tree_reduce(partials.data(), blocks, columns);
  for (int64_t c = 0; c < columns; ++c) {
    sums[c] = static_cast<real>(partials[static_cast<size_t>(c)]);
  }
  return sums;
}

}  // namespace fracbit::ops
