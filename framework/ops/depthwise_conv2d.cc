#include "fracbit/framework/ops/depthwise_conv2d.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/depthwise/depthwise.h"
#include "fracbit/framework/kernels/finish/finish.h"
#include "fracbit/framework/ops/column_sums.h"
#include "fracbit/framework/ops/conv2d_geometry.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/profile.h"

namespace fracbit::ops {
namespace {

namespace depthwise = kernels::depthwise;

constexpr const char* kOp = "depthwise_conv2d";
/// Numbers of the result that one task makes, in whole rows.
constexpr int64_t kTaskNumbers = 1 << 15;
/// Pixels that are worth a partial sum of a weight gradient, and most partial sums.
constexpr int64_t kGroupPixels = 128;
constexpr int64_t kGroups = 32;

const depthwise::Kernels& depthwise_kernels() {
  return depthwise::find(isa_name(active_isa()).data());
}

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

/// A grid whose taps follow each other in x, by rows: in each the pixels that see the same taps are
/// one run.
class GridRows {
 public:
  explicit GridRows(const TapGrid& grid) : g_(grid) {
    for (int64_t j = 0; j < g_.columns; ++j) {
      const Range taps = inside(g_.tap_columns, j * g_.step, g_.width);
      if (!stretches_.empty() && stretches_.back().taps == taps) {
        ++stretches_.back().pixels;
      } else {
        stretches_.push_back({j, 1, taps});
      }
    }
  }

  int64_t count() const { return g_.images * g_.rows; }
  int64_t per_image() const { return g_.rows; }

  /// Calls f(run, taps, y) for the runs of row i of an image: the first of their taps, and where
  /// their first result is in y.
  template <typename F>
  void for_runs(int64_t image, int64_t i, const real* x, F f) const {
    const Range rows = inside(g_.tap_rows, i * g_.step, g_.height);
    const auto columns = static_cast<int64_t>(g_.tap_columns.size());
    const int64_t channels = g_.pixel;
    for (const Stretch& s : stretches_) {
      const int64_t row = rows.count == 0 ? 0 : i * g_.step + g_.tap_rows[index(rows.begin)];
      const int64_t column =
          s.taps.count == 0 ? 0 : s.begin * g_.step + g_.tap_columns[index(s.taps.begin)];
      const depthwise::Run run{.pixels = s.pixels,
                               .channels = channels,
                               .tap_rows = rows.count,
                               .tap_columns = s.taps.count,
                               .x = x + ((image * g_.height + row) * g_.width + column) * channels,
                               .x_row = g_.width * channels,
                               .x_pixel = g_.step * channels,
                               .w_row = columns * channels,
                               .y_pixel = g_.y_step * channels};
      const int64_t y_row = image * g_.y_height + g_.y_row + i * g_.y_step;
      f(run, rows.begin * columns + s.taps.begin,
        (y_row * g_.y_width + g_.y_column + s.begin * g_.y_step) * channels);
    }
  }

 private:
  /// Taps [begin, begin + count).
  struct Range {
    int64_t begin = 0, count = 0;
    bool operator==(const Range&) const = default;
  };
  struct Stretch {
    int64_t begin, pixels;  ///< columns of the grid
    Range taps;
  };

  static size_t index(int64_t i) { return static_cast<size_t>(i); }

  /// The taps from `place` that are inside [0, extent).
  static Range inside(const std::vector<int64_t>& taps, int64_t place, int64_t extent) {
    Range found;
    for (size_t t = 0; t < taps.size(); ++t) {
      const int64_t at = place + taps[t];
      if (at < 0 || at >= extent) continue;
      if (found.count++ == 0) found.begin = static_cast<int64_t>(t);
    }
    return found;
  }

  const TapGrid& g_;
  std::vector<Stretch> stretches_;
};

/// One part of a result: y[pixel][c] = sum over taps t of x[tap t of pixel][c] w[t][c].
struct Part {
  GridRows rows;
  std::vector<real> w;
};

/// Parts that are made row by row together, so that they find x in the cache. With a `pass` there
/// is one part, all of y.
void product(const std::vector<Part>& parts, int64_t channels, const real* x,
             const std::vector<real>& start, Tensor& y, PixelPass* pass) {
  int64_t rows = 0;
  for (const Part& part : parts) rows = std::max(rows, part.rows.per_image());
  const int64_t all = y.shape()[0] * rows;
  const int64_t row_numbers = std::max<int64_t>(1, y.size() / std::max<int64_t>(1, all));
  const int64_t grain = std::max<int64_t>(1, kTaskNumbers / row_numbers);
  const bool finishes = pass != nullptr && pass->finish() != nullptr;
  kernels::Finish finish{};
  if (finishes) {
    finish = *pass->finish();
    finish.stream = streams(y.data(), y.size() / std::max<int64_t>(1, channels), channels);
    pass = nullptr;
  }
  if (pass != nullptr) pass->start((all + grain - 1) / grain, channels);
  const depthwise::Kernels& kernel = depthwise_kernels();
  const kernels::finish::Kernels& finishing = kernels::finish::find(isa_name(active_isa()).data());
  parallel_for(all, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (const Part& part : parts) {
        if (row % rows >= part.rows.per_image()) continue;
        part.rows.for_runs(row / rows, row % rows, x,
                           [&](const depthwise::Run& run, int64_t tap, int64_t to) {
                             const real* w = part.w.data() + tap * channels;
                             real* to_y = y.data() + to;
                             if (!finishes) return kernel.product(run, w, start.data(), to_y);
                             finishing.depthwise(run, w, start.data(), finish, to_y);
                           });
      }
    }
    if (finish.stream) std::atomic_thread_fence(std::memory_order_seq_cst);
    if (pass == nullptr) return;
    const int64_t width = y.shape()[2];
    pass->add(begin / grain, y.data() + begin * width * channels, (end - begin) * width);
  });
}

}  // namespace

Tensor depthwise_conv2d_forward(const Tensor& x, const Tensor& weight, const Tensor* bias,
                                const Conv2dOptions& options, PixelPass* pass) {
  const Conv2dGeometry g = geometry(x.shape(), weight.shape(), options);
  g.check_bias(kOp, bias);
  std::vector<int64_t> taps(static_cast<size_t>(g.taps()));
  for (size_t t = 0; t < taps.size(); ++t) taps[t] = static_cast<int64_t>(t);
  std::vector<real> start(static_cast<size_t>(g.channels), real{0});
  if (bias != nullptr) std::copy_n(bias->data(), g.channels, start.data());
  Tensor y = Tensor::uninitialized(g.result());
  const TapGrid grid = g.forward_grid();
  product({{GridRows(grid), by_tap(g, weight, taps)}}, g.channels, x.data(), start, y, pass);
  return y;
}

Tensor depthwise_conv2d_input_gradient(const Tensor& dy, const Tensor& weight, const Shape& x,
                                       const Conv2dOptions& options) {
  const Conv2dGeometry g = geometry(x, weight.shape(), options);
  g.check_gradient(kOp, dy.shape());
  const std::vector<real> start(static_cast<size_t>(g.channels), real{0});
  Tensor dx = Tensor::uninitialized(x);
  const std::vector<Conv2dPhase> phases = conv2d_phases(g);
  std::vector<Part> parts;
  for (const Conv2dPhase& phase : phases) {
    parts.push_back({GridRows(phase.grid), by_tap(g, weight, phase.taps)});
  }
  product(parts, g.channels, dy.data(), start, dx, nullptr);
  return dx;
}

Tensor depthwise_conv2d_weight_gradient(const Tensor& x, const Tensor& dy, const Shape& weight,
                                        const Conv2dOptions& options) {
  const Conv2dGeometry g = geometry(x.shape(), weight, options);
  g.check_gradient(kOp, dy.shape());
  const TapGrid grid = g.forward_grid();
  const GridRows rows(grid);
  const int64_t size = g.taps() * g.channels;
  const int64_t groups = std::clamp<int64_t>(grid.pixels() / kGroupPixels, 1, kGroups);
  Tensor sums = Tensor::zeros({groups, g.taps(), g.channels});
  const depthwise::Kernels& kernel = depthwise_kernels();
  parallel_for(groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin * rows.count() / groups; row < end * rows.count() / groups; ++row) {
      real* into = sums.data() + begin * size;
      rows.for_runs(row / rows.per_image(), row % rows.per_image(), x.data(),
                    [&](const depthwise::Run& run, int64_t tap, int64_t from) {
                      kernel.outer(run, dy.data() + from, into + tap * g.channels);
                    });
    }
  });
  for (int64_t group = 1; group < groups; ++group) {
    for (int64_t i = 0; i < size; ++i) sums[i] += sums[group * size + i];
  }
  Tensor dw = Tensor::uninitialized(weight);
  for (int64_t t = 0; t < g.taps(); ++t) {
    for (int64_t c = 0; c < g.channels; ++c) dw[c * g.taps() + t] = sums[t * g.channels + c];
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
