#include "fracbit/apps/classes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fracbit::apps {

std::vector<RankedClass> best_classes(std::span<const real> scores, size_t k) {
  const double top = *std::ranges::max_element(scores);
  double sum = 0;
  for (real score : scores) sum += std::exp(static_cast<double>(score) - top);
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  order.resize(std::min(k, order.size()));
  std::vector<RankedClass> classes;
  for (size_t i : order) {
    classes.push_back({i, std::exp(static_cast<double>(scores[i]) - top) / sum});
  }
  return classes;
}

}  // namespace fracbit::apps
