#include "norm_quantize_reference.h"

#include <cmath>
#include <numeric>

namespace fracbit::testing {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

}  // namespace

/// Mean and deviation of x = a D, from double sums over whole columns.
void GlueReference::statistics(const std::vector<double>& counted) {
  const int64_t channels = shape.back();
  const int64_t rows = static_cast<int64_t>(counted.size()) / channels;
  mean.assign(at(channels), 0);
  inverse.assign(at(channels), 0);
  for (int64_t c = 0; c < channels; ++c) {
    if (!training) {
      mean[at(c)] = running_mean[c];
      inverse[at(c)] = 1 / std::sqrt(static_cast<double>(running_var[c]) + options.norm.eps);
      continue;
    }
    const auto n = static_cast<double>(rows);
    double sum = 0, squares = 0;
    for (int64_t r = 0; r < rows; ++r) sum += counted[at(r * channels + c)];
    const double middle = sum / n;
    for (int64_t r = 0; r < rows; ++r) {
      const double off = counted[at(r * channels + c)] - middle;
      squares += off * off;
    }
    if (whole) {
      // Exact sums, so that the same bits are due.
      double all = 0;
      for (int64_t r = 0; r < rows; ++r) {
        all += counted[at(r * channels + c)] * counted[at(r * channels + c)];
      }
      squares = (n * all - sum * sum) / n;
    }
    mean[at(c)] = middle * a[at(c)];
    squares *= a[at(c)] * a[at(c)];
    inverse[at(c)] = 1 / std::sqrt(squares / n + options.norm.eps);
    const double keep = options.norm.momentum;
    running_mean[c] = static_cast<real>(keep * running_mean[c] + (1 - keep) * mean[at(c)]);
    running_var[c] = static_cast<real>(keep * running_var[c] + (1 - keep) * squares / (n - 1));
  }
}

/// The first largest of each window, of -D where scale < 0.
void GlueReference::pool(const std::vector<real>* scale) {
  output = options.pool ? ops::pool_shape("reference", shape, *options.pool) : shape;
  winner.assign(at(output.size()), 0);
  std::iota(winner.begin(), winner.end(), 0);
  if (!options.pool) return;
  const int64_t channels = shape[3];
  for (int64_t i = 0; i < output.size(); ++i) {
    const int64_t c = i % channels, column = i / channels % output[2];
    const int64_t row = i / channels / output[2] % output[1], n = i / output.stride0();
    const bool falls = scale != nullptr && (*scale)[at(c)] < 0;
    const ops::PoolSpan rows = ops::pool_span(row, shape[1], *options.pool);
    const ops::PoolSpan columns = ops::pool_span(column, shape[2], *options.pool);
    int64_t best = -1;
    for (int64_t u = rows.begin; u < rows.end; ++u) {
      for (int64_t v = columns.begin; v < columns.end; ++v) {
        const int64_t here = ((n * shape[1] + u) * shape[2] + v) * channels + c;
        const double challenger = falls ? -d[at(here)] : d[at(here)];
        if (best < 0 || challenger > (falls ? -d[at(best)] : d[at(best)])) best = here;
      }
    }
    winner[at(i)] = best;
  }
}

double GlueReference::activate(real v) const {
  const int bits = options.bits;
  const auto n = static_cast<real>(bits == 32 ? 1 : top_code(bits));
  switch (options.activation) {
    case ops::BlockActivation::identity:
      return v;
    case ops::BlockActivation::relu:
      return v > 0 ? v : 0;
    case ops::BlockActivation::clip01:
      if (bits != 32) return round_to_code(n * v, n);
      return v < 0 ? 0 : v > 1 ? 1 : v;
    case ops::BlockActivation::cabs:
      if (bits != 32) return round_to_code(n * std::abs(v), n);
      return std::abs(v) > 1 ? 1 : std::abs(v);
    case ops::BlockActivation::sign:
      return v >= 0 ? 1 : 0;
  }
  return 0;
}

double GlueReference::window(real v) const {
  switch (options.activation) {
    case ops::BlockActivation::identity:
      return std::abs(v) <= options.window;
    case ops::BlockActivation::relu:
      return v > 0;
    case ops::BlockActivation::clip01:
      return v >= 0 && v <= 1;
    case ops::BlockActivation::cabs:
      return v > 0 && v < 1 ? 1 : v < 0 && v > -1 ? -1 : 0;
    case ops::BlockActivation::sign:
      return std::abs(v) <= 1;
  }
  return 0;
}

void GlueReference::forward() {
  const int64_t channels = shape.back();
  if (options.pool_first) {
    pool(nullptr);
    std::vector<double> counted;
    for (const int64_t i : winner) counted.push_back(d[at(i)]);
    statistics(counted);
  } else {
    statistics(d);
  }
  s.resize(at(channels));
  t.resize(at(channels));
  for (int64_t c = 0; c < channels; ++c) {
    const double slope = gamma[c] * inverse[at(c)];
    s[at(c)] = static_cast<real>(slope * a[at(c)]);
    t[at(c)] = static_cast<real>(beta[c] - mean[at(c)] * slope);
  }
  if (!options.pool_first) pool(&s);
  y = Tensor::uninitialized(output);
  values.clear();
  for (int64_t i = 0; i < output.size(); ++i) {
    const auto c = at(i % channels);
    y[i] = static_cast<real>(d[at(winner[at(i)])]) * s[c] + t[c];
    values.push_back(activate(y[i]));
  }
}

GlueReference::Gradients GlueReference::backward(const Tensor& dout) const {
  const int64_t channels = shape.back();
  Gradients g{std::vector<double>(d.size()), std::vector<double>(at(channels)),
              std::vector<double>(at(channels))};
  std::vector<double> dy(at(output.size()));
  for (int64_t i = 0; i < output.size(); ++i) {
    const auto c = at(i % channels);
    dy[at(i)] = dout[i] * window(y[i]);
    const double normal = (a[c] * d[at(winner[at(i)])] - mean[c]) * inverse[c];
    g.gamma[c] += dy[at(i)] * normal;
    g.beta[c] += dy[at(i)];
  }
  const int64_t counted = (options.pool_first ? output.size() : shape.size()) / channels;
  const double share = training ? 1 / static_cast<double>(counted) : 0;
  const auto through_statistics = [&](int64_t i) {
    const auto c = at(i % channels);
    const double normal = (a[c] * d[at(i)] - mean[c]) * inverse[c];
    return -gamma[static_cast<int64_t>(c)] * inverse[c] * share * (g.beta[c] + normal * g.gamma[c]);
  };
  if (!options.pool_first) {
    for (int64_t i = 0; i < shape.size(); ++i) g.x[at(i)] = through_statistics(i);
  }
  for (int64_t i = 0; i < output.size(); ++i) {
    const auto c = at(i % channels);
    double pulled = gamma[static_cast<int64_t>(c)] * inverse[c] * dy[at(i)];
    if (options.pool_first) pulled += through_statistics(winner[at(i)]);
    g.x[at(winner[at(i)])] += pulled;
  }
  return g;
}

}  // namespace fracbit::testing
