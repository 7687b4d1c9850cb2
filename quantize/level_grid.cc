#include "fracbit/quantize/level_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fracbit/quantize/option.h"

namespace fracbit::quantize {
namespace {

constexpr int kInt8Range = 127;
constexpr int kInt10Range = 511;
/// Halves that rounding up can add: the spec's 3 terms, or more where a code has more.
constexpr int64_t kSpecTerms = 3;

/// The step of a group, or 0 if its scales have none.
real step_of(const real* mu, int64_t terms, double steps) {
  double sum = 0;
  for (int64_t n = 0; n < terms; ++n) {
    if (!(mu[n] >= 0)) return 0;
    sum += static_cast<double>(mu[n]);
  }
  const auto step = static_cast<real>(sum / steps);
  using Limits = std::numeric_limits<real>;
  return step >= Limits::min() && step <= Limits::max() ? step : 0;
}

}  // namespace

int grid_range(std::string_view name) {
  one_of("level-grid", name, {"float", "int8", "int10"});
  return name == "float" ? 0 : name == "int8" ? kInt8Range : kInt10Range;
}

GridScales grid_scales(const Tensor& mu, int range) {
  const int64_t groups = mu.shape()[0];
  const int64_t terms = mu.shape()[1];
  GridScales grid{Tensor::zeros({groups}), Tensor::zeros(mu.shape())};
  const double steps = range - 0.5 * static_cast<double>(std::max(kSpecTerms, terms));
  for (int64_t g = 0; g < groups; ++g) {
    const real step = step_of(mu.data() + g * terms, terms, steps);
    grid.step[g] = step;
    if (step == 0) continue;
    for (int64_t n = 0; n < terms; ++n) {
      const double exact = static_cast<double>(mu[g * terms + n]) / static_cast<double>(step);
      grid.m[g * terms + n] = static_cast<real>(std::floor(exact + 0.5));
    }
  }
  return grid;
}

}  // namespace fracbit::quantize
