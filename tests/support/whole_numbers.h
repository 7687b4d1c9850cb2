#pragma once

#include <algorithm>

#include "fracbit/framework/random.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::testing {

/// Whole numbers of -4 to 4: sums of their products are exact in any order.
inline Tensor whole_numbers(const Shape& shape, uint64_t seed) {
  Tensor made = Tensor::uninitialized(shape);
  const Random random(seed, 0, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < made.size(); ++i) made[i] = static_cast<real>(random.below(i, 9) - 4);
  return made;
}

/// The same shape and elements.
inline bool equal(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::equal(a.span().begin(), a.span().end(), b.span().begin());
}

}  // namespace fracbit::testing
