#include "fracbit/framework/ops/batch_norm.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/channels.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/profile.h"

namespace fracbit::ops {
namespace {

/// What normalises a channel.
struct Statistics {
  std::vector<real> mean;
  std::vector<double> inverse_deviation;
};

void check(const Shape& x, const Variable& gamma, const Variable& beta, const Tensor& running_mean,
           const Tensor& running_var, const BatchNormOptions& options, bool training) {
  if (!(options.eps > 0) || !std::isfinite(options.eps)) {
    throw ConfigError("[batch_norm] expects eps > 0, got " + std::to_string(options.eps));
  }
  if (!(options.momentum >= 0 && options.momentum <= 1)) {
    throw ConfigError("[batch_norm] expects momentum in [0, 1], got " +
                      std::to_string(options.momentum));
  }
  if (x.rank() < 2) {
    throw ShapeError("[batch_norm] expects a tensor [..., C] of rank 2 or more, got shape " +
                     to_string(x));
  }
  const std::pair<const char*, const Shape*> per_channel[] = {
      {"gamma", &gamma.shape()},
      {"beta", &beta.shape()},
      {"running_mean", &running_mean.shape()},
      {"running_var", &running_var.shape()}};
  for (const auto& [name, shape] : per_channel) {
    if (*shape != Shape{x.back()}) {
      throw ShapeError("[batch_norm] expects " + std::string(name) + " of shape " +
                       to_string(Shape{x.back()}) + ", got " + to_string(*shape) + " (x " +
                       to_string(x) + ")");
    }
  }
  if (training && ChannelRows(x).rows < 2) {
    throw ShapeError("[batch_norm] expects two or more values per channel in training, got shape " +
                     to_string(x));
  }
}

Statistics batch_statistics(const Tensor& x, Tensor& running_mean, Tensor& running_var,
                            const BatchNormOptions& options) {
  const ChannelMoments moments = channel_moments(x);
  const auto n = static_cast<double>(ChannelRows(x.shape()).rows);
  Statistics statistics;
  const double keep = options.momentum;
  for (int64_t c = 0; c < x.shape().back(); ++c) {
    const double mean = moments.mean[static_cast<size_t>(c)];
    const double squares = moments.squares[static_cast<size_t>(c)];
    statistics.mean.push_back(static_cast<real>(mean));
    statistics.inverse_deviation.push_back(1 / std::sqrt(squares / n + options.eps));
    running_mean[c] = static_cast<real>(keep * running_mean[c] + (1 - keep) * mean);
    running_var[c] = static_cast<real>(keep * running_var[c] + (1 - keep) * squares / (n - 1));
  }
  return statistics;
}

Statistics running_statistics(const Tensor& running_mean, const Tensor& running_var, double eps) {
  Statistics statistics;
  for (int64_t c = 0; c < running_mean.size(); ++c) {
    statistics.mean.push_back(running_mean[c]);
    statistics.inverse_deviation.push_back(1 /
                                           std::sqrt(static_cast<double>(running_var[c]) + eps));
  }
  return statistics;
}

/// y = (x - mean) slope + beta
Tensor normalise(const Tensor& x, const Statistics& statistics, const Tensor& gamma,
                 const Tensor& beta) {
  const ChannelRows view(x.shape());
  std::vector<real> slopes;
  for (int64_t c = 0; c < view.channels; ++c) {
    const double inverse = statistics.inverse_deviation[static_cast<size_t>(c)];
    slopes.push_back(static_cast<real>(gamma[c] * inverse));
  }
  Tensor y = Tensor::uninitialized(x.shape());
  parallel_for(view.rows, view.grain, [&](int64_t begin, int64_t end) {
    const real* __restrict mean = statistics.mean.data();
    const real* __restrict slope = slopes.data();
    const real* __restrict offset = beta.data();
    for (int64_t row = begin; row < end; ++row) {
      const real* __restrict from = x.data() + row * view.channels;
      real* __restrict to = y.data() + row * view.channels;
      for (int64_t c = 0; c < view.channels; ++c)
        to[c] = (from[c] - mean[c]) * slope[c] + offset[c];
    }
  });
  return y;
}

/// dx = slope dy + pull (x - mean) + shift, in place over dy; pull and shift carry the gradient
/// through the batch's own statistics and are zero in evaluation.
struct InputGradient {
  std::vector<real> slope;
  std::vector<real> pull;
  std::vector<real> shift;

  void apply(Tensor& dy, const Tensor& x, const std::vector<real>& mean) const {
    const ChannelRows view(x.shape());
    parallel_for(view.rows, view.grain, [&](int64_t begin, int64_t end) {
      const real* __restrict about = mean.data();
      const real* __restrict a = slope.data();
      const real* __restrict b = pull.data();
      const real* __restrict d = shift.data();
      for (int64_t row = begin; row < end; ++row) {
        const real* __restrict from = x.data() + row * view.channels;
        real* __restrict to = dy.data() + row * view.channels;
        for (int64_t c = 0; c < view.channels; ++c) {
          to[c] = a[c] * to[c] + (b[c] * (from[c] - about[c]) + d[c]);
        }
      }
    });
  }
};

void backward(Tensor&& dy, std::span<Variable> inputs, const Statistics& statistics,
              bool training) {
  const Tensor& x = inputs[0].value();
  const Tensor& gamma = inputs[1].value();
  const ChannelRows view(x.shape());
  const ChannelGradientSums sums = channel_gradient_sums(dy, x, statistics.mean);
  const double share = training ? 1 / static_cast<double>(view.rows) : 0;
  Tensor dgamma = Tensor::uninitialized(gamma.shape());
  Tensor dbeta = Tensor::uninitialized(gamma.shape());
  InputGradient gradient;
  for (int64_t c = 0; c < view.channels; ++c) {
    const auto i = static_cast<size_t>(c);
    const double inverse = statistics.inverse_deviation[i];
    const double slope = gamma[c] * inverse;
    dbeta[c] = static_cast<real>(sums.sum[i]);
    dgamma[c] = static_cast<real>(sums.product[i] * inverse);
    gradient.slope.push_back(static_cast<real>(slope));
    gradient.pull.push_back(
        static_cast<real>(-slope * inverse * inverse * sums.product[i] * share));
    gradient.shift.push_back(static_cast<real>(-slope * sums.sum[i] * share));
  }
  if (inputs[0].requires_grad()) {
    gradient.apply(dy, x, statistics.mean);
    inputs[0].accumulate(std::move(dy));
  }
  inputs[1].accumulate(std::move(dgamma));
  inputs[2].accumulate(std::move(dbeta));
}

}  // namespace

Variable batch_norm(const Variable& x, const Variable& gamma, const Variable& beta,
                    Tensor& running_mean, Tensor& running_var, const BatchNormOptions& options,
                    bool training) {
  check(x.shape(), gamma, beta, running_mean, running_var, options, training);
  const auto numbers = static_cast<double>(x.shape().size());
  const Profile::Span span(Phase::norm, memory_work(2 * numbers));
  Statistics statistics = training ? batch_statistics(x.value(), running_mean, running_var, options)
                                   : running_statistics(running_mean, running_var, options.eps);
  Tensor y = normalise(x.value(), statistics, gamma.value(), beta.value());
  return Variable::from_op("batch_norm", std::move(y), {x, gamma, beta},
                           [statistics = std::move(statistics), training, numbers](
                               Tensor&& dy, std::span<Variable> inputs) {
                             const Profile::Span in_norm(Phase::norm, memory_work(3 * numbers));
                             backward(std::move(dy), inputs, statistics, training);
                           });
}

OpExamples batch_norm_examples() {
  const auto run = [](bool training, int64_t channels) {
    return [=](std::span<const Variable> in) {
      Tensor mean = example_tensor({channels}, 3);
      Tensor variance = example_tensor({channels}, 4, 0.5, 2);
      return batch_norm(in[0], in[1], in[2], mean, variance, {}, training);
    };
  };
  const auto inputs = [](const Shape& shape) -> std::vector<Tensor> {
    const Shape channels{shape.back()};
    return {example_tensor(shape, 1), example_tensor(channels, 5), example_tensor(channels, 6)};
  };
  return {.gradients = {{"training", inputs({3, 2, 3, 4}), run(true, 4)},
                        {"training, more rows than one run of sums", inputs({37, 3}), run(true, 3)},
                        {"evaluation", inputs({3, 2, 3, 4}), run(false, 4)}},
          .large = {{"training", inputs({9, 20, 20, 64}), run(true, 64)},
                    {"evaluation", inputs({100, 1000}), run(false, 1000)}},
          .refused = {{"rank 1", inputs({4}), run(false, 4)},
                      {"other channels", inputs({2, 5}), run(true, 4)},
                      {"gamma of another size",
                       {Tensor::zeros({2, 4}), Tensor::zeros({3}), Tensor::zeros({4})},
                       run(true, 4)},
                      {"one value per channel", inputs({1, 1, 1, 4}), run(true, 4)}}};
}

}  // namespace fracbit::ops
