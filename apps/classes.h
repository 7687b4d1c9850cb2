#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "fracbit/framework/tensor.h"

namespace fracbit::apps {

struct RankedClass {
  size_t index = 0;
  double probability = 0;
};

/// The k classes of the largest softmax probabilities of a row of scores, the first of equals
/// first.
std::vector<RankedClass> best_classes(std::span<const real> scores, size_t k);

}  // namespace fracbit::apps
