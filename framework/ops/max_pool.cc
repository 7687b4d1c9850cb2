#include "fracbit/framework/ops/max_pool.h"

#include <algorithm>
#include <vector>

#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {
namespace {

/// Which tap of its window each output came from: kernel * row + column.
using Winners = std::vector<uint16_t>;

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
  int64_t first_row(int64_t i) const { return i * options.stride - options.padding_begin; }
  int64_t first_column(int64_t j) const { return j * options.stride - options.padding_begin; }

  Shape x;
  Shape y;
  PoolOptions options;
  int64_t channels;
  int64_t row_grain;  ///< output rows per block
};

/// Replaces best and its tap where v is larger, or NaN.
void challenge(real v, uint16_t tap, real& best, uint16_t& winner) {
  const bool wins = (v > best) | (v != v);
  best = wins ? v : best;
  winner = wins ? tap : winner;
}

void forward_2x2(const real* __restrict top, const real* __restrict bottom, real* __restrict y,
                 uint16_t* __restrict winner, int64_t channels) {
  for (int64_t c = 0; c < channels; ++c) {
    real best = top[c];
    uint16_t tap = 0;
    challenge(top[channels + c], 1, best, tap);
    challenge(bottom[c], 2, best, tap);
    challenge(bottom[channels + c], 3, best, tap);
    y[c] = best;
    winner[c] = tap;
  }
}

void forward_window(const Geometry& g, const real* image, int64_t i, int64_t j, real* __restrict y,
                    uint16_t* __restrict winner) {
  const PoolSpan rows = pool_span(i, g.x[1], g.options);
  const PoolSpan columns = pool_span(j, g.x[2], g.options);
  bool first = true;
  for (int64_t u = rows.begin; u < rows.end; ++u) {
    for (int64_t v = columns.begin; v < columns.end; ++v) {
      const real* __restrict from = image + (u * g.x[2] + v) * g.channels;
      const auto tap =
          static_cast<uint16_t>((u - g.first_row(i)) * g.options.kernel + v - g.first_column(j));
      if (first) {
        std::copy_n(from, g.channels, y);
        std::fill_n(winner, g.channels, tap);
        first = false;
      } else {
        for (int64_t c = 0; c < g.channels; ++c) challenge(from[c], tap, y[c], winner[c]);
      }
    }
  }
}

Tensor forward(const Geometry& g, const Tensor& x, Winners& winners) {
  Tensor y = Tensor::uninitialized(g.y);
  winners.resize(static_cast<size_t>(y.size()));
  const int64_t image_size = g.x.stride0();
  const int64_t row_size = g.y[2] * g.channels;
  parallel_for(g.y[0] * g.y[1], g.row_grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const real* image = x.data() + row / g.y[1] * image_size;
      const int64_t i = row % g.y[1];
      real* to = y.data() + row * row_size;
      uint16_t* winner = winners.data() + row * row_size;
      for (int64_t j = 0; j < g.y[2]; ++j, to += g.channels, winner += g.channels) {
        if (g.is_plain_2x2()) {
          const real* top = image + (2 * i * g.x[2] + 2 * j) * g.channels;
          forward_2x2(top, top + g.x[2] * g.channels, to, winner, g.channels);
        } else {
          forward_window(g, image, i, j, to, winner);
        }
      }
    }
  });
  return y;
}

void backward_2x2(const real* __restrict dy, const uint16_t* __restrict winner,
                  real* __restrict top, real* __restrict bottom, int64_t channels) {
  for (int64_t c = 0; c < channels; ++c) {
    top[c] = winner[c] == 0 ? dy[c] : real{0};
    top[channels + c] = winner[c] == 1 ? dy[c] : real{0};
    bottom[c] = winner[c] == 2 ? dy[c] : real{0};
    bottom[channels + c] = winner[c] == 3 ? dy[c] : real{0};
  }
}

void backward_window(const Geometry& g, const real* dy, const uint16_t* winner, int64_t i,
                     int64_t j, real* image) {
  real* corner = image + (g.first_row(i) * g.x[2] + g.first_column(j)) * g.channels;
  for (int64_t c = 0; c < g.channels; ++c) {
    const int64_t row = winner[c] / g.options.kernel;
    const int64_t column = winner[c] % g.options.kernel;
    corner[(row * g.x[2] + column) * g.channels + c] += dy[c];
  }
}

/// One image: windows may overlap, and pixels in no window keep a zero.
void backward_image(const Geometry& g, const real* dy, const uint16_t* winner, real* image) {
  const bool all_written = g.is_plain_2x2() && g.x[1] % 2 == 0 && g.x[2] % 2 == 0;
  if (!all_written) std::fill_n(image, g.x.stride0(), real{0});
  for (int64_t i = 0; i < g.y[1]; ++i) {
    for (int64_t j = 0; j < g.y[2]; ++j, dy += g.channels, winner += g.channels) {
      if (g.is_plain_2x2()) {
        real* top = image + (2 * i * g.x[2] + 2 * j) * g.channels;
        backward_2x2(dy, winner, top, top + g.x[2] * g.channels, g.channels);
      } else {
        backward_window(g, dy, winner, i, j, image);
      }
    }
  }
}

}  // namespace

Variable max_pool(const Variable& x, const PoolOptions& options) {
  const Geometry g(x.shape(), pool_shape("max_pool", x.shape(), options), options);
  Winners winners;
  Tensor y = forward(g, x.value(), winners);
  return Variable::from_op(
      "max_pool", std::move(y), {x},
      [g, winners = std::move(winners)](Tensor&& dy, std::span<Variable> inputs) {
        Tensor dx = Tensor::uninitialized(g.x);
        parallel_for(g.x[0], 1, [&](int64_t begin, int64_t end) {
          for (int64_t n = begin; n < end; ++n) {
            const int64_t offset = n * g.y.stride0();
            backward_image(g, dy.data() + offset, winners.data() + offset,
                           dx.data() + n * g.x.stride0());
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
