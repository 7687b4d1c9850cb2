#include "fracbit/framework/ops/depthwise_conv2d.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/ops/column_sums.h"
#include "fracbit/framework/ops/conv2d_geometry.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/profile.h"

namespace fracbit::ops {
namespace {

constexpr const char* kOp = "depthwise_conv2d";
/// Pixels that one task takes, and that one table of taps holds: few, so that the pixels around
/// them stay in the first-level cache.
constexpr int64_t kTaskPixels = 1024;
constexpr int64_t kPixels = 32;
/// Most partial sums of a weight gradient.
constexpr int64_t kGroups = 32;

Conv2dGeometry geometry(const Shape& x, const Shape& weight, Conv2dOptions options) {
  if (x.rank() == 4 && weight.rank() == 4 && (weight[3] != 1 || weight[0] != x[3])) {
    throw ShapeError("[depthwise_conv2d] expects a weight [" + std::to_string(x[3]) +
                     ", KH, KW, 1], got " + to_string(weight) + " (x " + to_string(x) + ")");
  }
  const int64_t channels = weight.rank() == 4 ? weight[0] : 1;
  if (options.groups != 1 && options.groups != channels) {
    throw ConfigError("[depthwise_conv2d] expects groups to be 1 or the " +
                      std::to_string(channels) + " channels, got " +
                      std::to_string(options.groups));
  }
  options.groups = std::max<int64_t>(1, channels);
  return Conv2dGeometry(kOp, x, weight, options);
}

/// The weights of some taps, [tap][channel].
std::vector<real> by_tap(const Conv2dGeometry& g, const Tensor& weight,
                         const std::vector<int64_t>& taps) {
  std::vector<real> turned;
  turned.reserve(taps.size() * static_cast<size_t>(g.channels));
  for (const int64_t tap : taps) {
    for (int64_t c = 0; c < g.channels; ++c) turned.push_back(weight[c * g.taps() + tap]);
  }
  return turned;
}

/// y[pixel][c] = start[c] + sum over taps t of x[tap t of pixel][c] w[t][c].
void product(const TapGrid& grid, int64_t channels, const real* x, const std::vector<real>& w,
             const std::vector<real>& start, Tensor& y) {
  const kernels::tile::Kernels& kernel = tile();
  const std::vector<real> zeros(static_cast<size_t>(channels), real{0});
  parallel_for(grid.pixels(), kTaskPixels, [&](int64_t begin, int64_t end) {
    TapTable table(grid, grid.taps(), kernel.depthwise_rows, x, zeros.data());
    std::vector<real*> results(static_cast<size_t>(kernel.depthwise_rows));
    for (int64_t first = begin; first < end; first += kPixels) {
      table.enter(first, std::min(end, first + kPixels));
      for (int64_t t = 0; t < table.tiles(); ++t) {
        for (int64_t m = 0; m < kernel.depthwise_rows; ++m) {
          results[static_cast<size_t>(m)] = y.data() + table.results(t)[m];
        }
        kernel.depthwise_product(table.sources(t), table.taps(), w.data(), start.data(), channels,
                                 results.data());
      }
    }
  });
}

/// sums[t][c] += sum over grid pixels [begin, end) of x[tap t][c] dy[c].
void add_outer(const TapGrid& grid, const real* x, const real* zeros, const Tensor& dy,
               int64_t begin, int64_t end, int64_t taps, real* sums) {
  const kernels::tile::Kernels& kernel = tile();
  const int64_t channels = grid.y_pixel;
  TapTable table(grid, taps, 1, x, zeros);
  std::vector<const real*> gradients;
  for (int64_t first = begin; first < end; first += kPixels) {
    const int64_t last = std::min(end, first + kPixels);
    table.enter(first, last);
    gradients.clear();
    for (int64_t p = 0; p < last - first; ++p) {
      gradients.push_back(dy.data() + table.results(p)[0]);
    }
    for (int64_t t = 0; t < taps; t += kernel.depthwise_taps) {
      kernel.depthwise_outer(table.sources(0) + t, taps, gradients.data(), last - first, channels,
                             sums + t * channels);
    }
  }
}

}  // namespace

Tensor depthwise_conv2d_forward(const Tensor& x, const Tensor& weight, const Tensor* bias,
                                const Conv2dOptions& options) {
  const Conv2dGeometry g = geometry(x.shape(), weight.shape(), options);
  g.check_bias(kOp, bias);
  std::vector<int64_t> taps(static_cast<size_t>(g.taps()));
  for (size_t t = 0; t < taps.size(); ++t) taps[t] = static_cast<int64_t>(t);
  std::vector<real> start(static_cast<size_t>(g.channels), real{0});
  if (bias != nullptr) std::copy_n(bias->data(), g.channels, start.data());
  Tensor y = Tensor::uninitialized(g.result());
  product(g.forward_grid(), g.channels, x.data(), by_tap(g, weight, taps), start, y);
  return y;
}

Tensor depthwise_conv2d_input_gradient(const Tensor& dy, const Tensor& weight, const Shape& x,
                                       const Conv2dOptions& options) {
  const Conv2dGeometry g = geometry(x, weight.shape(), options);
  g.check_gradient(kOp, dy.shape());
  const std::vector<real> start(static_cast<size_t>(g.channels), real{0});
  Tensor dx = Tensor::uninitialized(x);
  for (const Conv2dPhase& phase : conv2d_phases(g)) {
    product(phase.grid, g.channels, dy.data(), by_tap(g, weight, phase.taps), start, dx);
  }
  return dx;
}

Tensor depthwise_conv2d_weight_gradient(const Tensor& x, const Tensor& dy, const Shape& weight,
                                        const Conv2dOptions& options) {
  const Conv2dGeometry g = geometry(x.shape(), weight, options);
  g.check_gradient(kOp, dy.shape());
  const TapGrid grid = g.forward_grid();
  const int64_t at_once = tile().depthwise_taps;
  const int64_t taps = (g.taps() + at_once - 1) / at_once * at_once;
  const int64_t groups = std::clamp<int64_t>(grid.pixels() / kTaskPixels, 1, kGroups);
  const std::vector<real> zeros(static_cast<size_t>(g.channels), real{0});
  Tensor sums = Tensor::zeros({groups, taps, g.channels});
  parallel_for(groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      add_outer(grid, x.data(), zeros.data(), dy, group * grid.pixels() / groups,
                (group + 1) * grid.pixels() / groups, taps,
                sums.data() + group * taps * g.channels);
    }
  });
  Tensor dw = Tensor::zeros(weight);
  for (int64_t group = 0; group < groups; ++group) {
    for (int64_t t = 0; t < g.taps(); ++t) {
      const real* from = sums.data() + (group * taps + t) * g.channels;
      for (int64_t c = 0; c < g.channels; ++c) dw[c * g.taps() + t] += from[c];
    }
  }
  return dw;
}

Variable depthwise_conv2d(const Variable& x, const Variable& weight, const Variable& bias,
                          const Conv2dOptions& options) {
  Tensor y = depthwise_conv2d_forward(x.value(), weight.value(),
                                      bias.defined() ? &bias.value() : nullptr, options);
  const Work work = product_work(x.shape(), weight.shape(), y.shape());
  Profile::note(work);
  std::vector<Variable> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  return Variable::from_op(
      kOp, std::move(y), std::move(inputs), [options, work](Tensor&& dy, std::span<Variable> in) {
        if (in[1].requires_grad()) {
          const Profile::Span span(Phase::weight_gradient, work);
          in[1].accumulate(
              depthwise_conv2d_weight_gradient(in[0].value(), dy, in[1].shape(), options));
        }
        if (in.size() > 2 && in[2].requires_grad()) in[2].accumulate(column_sums(dy));
        if (in[0].requires_grad()) {
          const Profile::Span span(Phase::input_gradient, work);
          in[0].accumulate(
              depthwise_conv2d_input_gradient(dy, in[1].value(), in[0].shape(), options));
        }
      });
}

namespace {

OpExample example(std::string name, const Shape& x, const Shape& weight, bool with_bias,
                  const Conv2dOptions& options) {
  OpExample made;
  made.name = std::move(name);
  made.inputs = {example_tensor(x, 1), example_tensor(weight, 2)};
  if (with_bias) made.inputs.push_back(example_tensor({weight[0]}, 3));
  made.apply = [options](std::span<const Variable> in) {
    return depthwise_conv2d(in[0], in[1], in.size() > 2 ? in[2] : Variable(), options);
  };
  return made;
}

}  // namespace

OpExamples depthwise_conv2d_examples() {
  const Conv2dOptions padded{.padding_begin = 1, .padding_end = 1};
  OpExamples made;
  made.gradients = {
      example("3x3 with padding and bias", {2, 4, 5, 3}, {3, 3, 3, 1}, true, padded),
      example("stride 2", {1, 6, 5, 5}, {5, 3, 3, 1}, false,
              {.stride = 2, .padding_begin = 1, .padding_end = 1}),
      example("1x2 kernel", {1, 3, 3, 2}, {2, 1, 2, 1}, true, {}),
      example("5x5 kernel", {1, 6, 6, 2}, {2, 5, 5, 1}, false, padded),
  };
  made.large = {example("3x3", {4, 16, 16, 40}, {40, 3, 3, 1}, true, padded)};
  made.refused = {
      example("channels", {1, 4, 4, 2}, {3, 3, 3, 1}, false, {}),
      example("more than one input per channel", {1, 4, 4, 2}, {2, 3, 3, 2}, false, {}),
      example("kernel above the image", {1, 2, 4, 2}, {2, 3, 3, 1}, false, {}),
      example("rank", {4, 4, 2}, {2, 3, 3, 1}, false, {}),
  };
  return made;
}

}  // namespace fracbit::ops
