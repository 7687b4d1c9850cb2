#include "fracbit/framework/ops/max_pool.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {
namespace {

struct Geometry {
  Geometry(const Shape& x_shape, const Shape& y_shape, const PoolOptions& pool_options)
      : x(x_shape),
        y(y_shape),
        options(pool_options),
        channels(y_shape.back()),
        row_grain(std::max<int64_t>(1, kElementGrain / std::max<int64_t>(1, x[2] * channels))) {}

  bool is_plain_2x2() const {
    return options.kernel == 2 && options.stride == 2 && options.padding_begin == 0 &&
           options.padding_end == 0;
  }
  /// Offset of the first number of a plain 2x2 window in its image.
  int64_t corner(int64_t i, int64_t j) const { return (2 * i * x[2] + 2 * j) * channels; }

  Shape x;
  Shape y;
  PoolOptions options;
  int64_t channels;
  int64_t row_grain;  ///< output rows per block
};

/// The larger one, the first one of two equal ones; NaN if either is.
real larger(real a, real b) {
  const real number = b > a ? b : a;
  return b != b ? b : number;
}

void forward_2x2(const real* __restrict x0, const real* __restrict x1, const real* __restrict x2,
                 const real* __restrict x3, int64_t channels, real* __restrict y) {
  for (int64_t c = 0; c < channels; ++c) {
    y[c] = larger(larger(x0[c], x1[c]), larger(x2[c], x3[c]));
  }
}

/// Finds the maximum again: the gradient needs nothing from forward but its input.
void backward_2x2(const real* __restrict x0, const real* __restrict x1, const real* __restrict x2,
                  const real* __restrict x3, const real* __restrict dy, int64_t channels,
                  real* __restrict dx0, real* __restrict dx1, real* __restrict dx2,
                  real* __restrict dx3) {
  for (int64_t c = 0; c < channels; ++c) {
    const real a0 = x0[c], a1 = x1[c], a2 = x2[c], a3 = x3[c], g = dy[c];
    const bool upper_right = a1 > a0;
    const bool lower_right = a3 > a2;
    const bool below = (lower_right ? a3 : a2) > (upper_right ? a1 : a0);
    const real upper = below ? real{0} : g;
    const real lower = below ? g : real{0};
    dx0[c] = upper_right ? real{0} : upper;
    dx1[c] = upper_right ? upper : real{0};
    dx2[c] = lower_right ? real{0} : lower;
    dx3[c] = lower_right ? lower : real{0};
  }
}

/// Calls visit(image pixel) for the taps of window (i, j), in row-major order.
template <typename Visit>
void visit_window(const Geometry& g, int64_t i, int64_t j, Visit visit) {
  const PoolSpan rows = pool_span(i, g.x[1], g.options);
  const PoolSpan columns = pool_span(j, g.x[2], g.options);
  for (int64_t u = rows.begin; u < rows.end; ++u) {
    for (int64_t v = columns.begin; v < columns.end; ++v) visit(u * g.x[2] + v);
  }
}

void forward_window(const Geometry& g, const real* image, int64_t i, int64_t j,
                    real* __restrict y) {
  std::fill_n(y, g.channels, -std::numeric_limits<real>::infinity());
  visit_window(g, i, j, [&](int64_t pixel) {
    const real* __restrict from = image + pixel * g.channels;
    for (int64_t c = 0; c < g.channels; ++c) y[c] = larger(y[c], from[c]);
  });
}

/// The maximum of one window so far, and the pixel it is in, per channel.
struct Winners {
  explicit Winners(int64_t channels)
      : best(static_cast<size_t>(channels)), pixel(static_cast<size_t>(channels)) {}

  void start(const real* values, int32_t here) {
    std::copy_n(values, best.size(), best.begin());
    std::fill(pixel.begin(), pixel.end(), here);
  }
  void challenge(const real* __restrict values, int32_t here) {
    real* __restrict to = best.data();
    int32_t* __restrict winner = pixel.data();
    const size_t channels = best.size();
    for (size_t c = 0; c < channels; ++c) {
      const real v = values[c];
      const real b = to[c];
      const int32_t before = winner[c];
      to[c] = v > b ? v : b;
      winner[c] = v > b ? here : before;
    }
  }

  std::vector<real> best;
  std::vector<int32_t> pixel;
};

void backward_window(const Geometry& g, const real* image, const real* dy, int64_t i, int64_t j,
                     Winners& winners, real* dx) {
  const int64_t first =
      pool_span(i, g.x[1], g.options).begin * g.x[2] + pool_span(j, g.x[2], g.options).begin;
  winners.start(image + first * g.channels, static_cast<int32_t>(first));
  visit_window(g, i, j, [&](int64_t pixel) {
    winners.challenge(image + pixel * g.channels, static_cast<int32_t>(pixel));
  });
  for (int64_t c = 0; c < g.channels; ++c) {
    dx[winners.pixel[static_cast<size_t>(c)] * g.channels + c] += dy[c];
  }
}

Tensor forward(const Geometry& g, const Tensor& x) {
  Tensor y = Tensor::uninitialized(g.y);
  parallel_for(g.y[0] * g.y[1], g.row_grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const real* image = x.data() + row / g.y[1] * g.x.stride0();
      const int64_t i = row % g.y[1];
      real* to = y.data() + row * g.y[2] * g.channels;
      for (int64_t j = 0; j < g.y[2]; ++j, to += g.channels) {
        if (g.is_plain_2x2()) {
          const real* top = image + g.corner(i, j);
          const real* bottom = top + g.x[2] * g.channels;
          forward_2x2(top, top + g.channels, bottom, bottom + g.channels, g.channels, to);
        } else {
          forward_window(g, image, i, j, to);
        }
      }
    }
  });
  return y;
}

/// One image: windows may overlap, and pixels in no window keep a zero.
void backward_image(const Geometry& g, const real* x, const real* dy, real* dx) {
  Winners winners(g.channels);
  const bool all_written = g.is_plain_2x2() && g.x[1] % 2 == 0 && g.x[2] % 2 == 0;
  if (!all_written) std::fill_n(dx, g.x.stride0(), real{0});
  for (int64_t i = 0; i < g.y[1]; ++i) {
    for (int64_t j = 0; j < g.y[2]; ++j, dy += g.channels) {
      if (g.is_plain_2x2()) {
        const real* top = x + g.corner(i, j);
        real* dtop = dx + g.corner(i, j);
        const real* bottom = top + g.x[2] * g.channels;
        real* dbottom = dtop + g.x[2] * g.channels;
        backward_2x2(top, top + g.channels, bottom, bottom + g.channels, dy, g.channels, dtop,
                     dtop + g.channels, dbottom, dbottom + g.channels);
      } else {
        backward_window(g, x, dy, i, j, winners, dx);
      }
    }
  }
}

}  // namespace

Variable max_pool(const Variable& x, const PoolOptions& options) {
  const Geometry g(x.shape(), pool_shape("max_pool", x.shape(), options), options);
  return Variable::from_op(
      "max_pool", forward(g, x.value()), {x}, [g](Tensor&& dy, std::span<Variable> inputs) {
        Tensor dx = Tensor::uninitialized(g.x);
        const real* from = inputs[0].value().data();
        parallel_for(g.x[0], 1, [&](int64_t begin, int64_t end) {
          for (int64_t n = begin; n < end; ++n) {
            const int64_t image = n * g.x.stride0();
            backward_image(g, from + image, dy.data() + n * g.y.stride0(), dx.data() + image);
          }
        });
        inputs[0].accumulate(std::move(dx));
      });
}

OpExamples max_pool_examples() {
  const auto pool = [](const PoolOptions& options) {
    return [options](std::span<const Variable> in) { return max_pool(in[0], options); };
  };
  const PoolOptions overlapping{.kernel = 3, .stride = 2, .padding_begin = 1, .padding_end = 1};
  return {
      .gradients = {{"2x2", {example_tensor({2, 4, 6, 3}, 1)}, pool({})},
                    {"2x2, odd image", {example_tensor({2, 5, 3, 3}, 1)}, pool({})},
                    {"overlap, padding", {example_tensor({2, 5, 6, 2}, 1)}, pool(overlapping)},
                    {"gaps", {example_tensor({1, 7, 7, 2}, 1)}, pool({.kernel = 2, .stride = 3})}},
      .large = {{"2x2", {example_tensor({9, 32, 32, 16}, 1)}, pool({})},
                {"overlap", {example_tensor({9, 31, 31, 16}, 1)}, pool(overlapping)}},
      .refused = {{"no image", {Tensor::zeros({4, 4})}, pool({})},
                  {"kernel larger than the image", {Tensor::zeros({1, 4, 1, 2})}, pool({})}}};
}

}  // namespace fracbit::ops
