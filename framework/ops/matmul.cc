#include "fracbit/framework/ops/matmul.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/ops/column_sums.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// Terms of the sums that are taken before the next tile, so that both operands stay in cache.
constexpr int64_t kDepth = 512;
/// Tiles of rows, and panels of columns, that one task owns.
constexpr int64_t kTiles = 4;
constexpr int64_t kPanels = 16;

void check(const char* what, const Shape& a, const Shape& b, int a_axis, int b_axis) {
  if (a.rank() == 2 && b.rank() == 2 && a[a_axis] == b[b_axis]) return;
  throw ShapeError(std::string("[") + what + "] expects two matrices of equal extent " +
                   std::to_string(a_axis) + " and " + std::to_string(b_axis) + ", got " +
                   to_string(a) + " and " + to_string(b));
}

/// sums[m][n] += rows of `a` (`count` of them, `step` apart) times panels [first, last), m < count
/// rounded up to tiles. The sums of a panel are contiguous, `sums_step` apart per row.
struct RowBlock {
  const real* a;
  int64_t step;
  int64_t count;
  real* sums;
  int64_t sums_step;
};

void multiply(const RowBlock& block, const Panels& b, int64_t first, int64_t last) {
  const kernels::tile::Kernels& kernel = tile();
  std::vector<const real*> rows(static_cast<size_t>(kernel.rows));
  std::vector<const real*> starts(rows.size());
  std::vector<real*> sums(rows.size());
  for (int64_t depth = 0; depth < b.depth; depth += kDepth) {
    const int64_t length = std::min(kDepth, b.depth - depth);
    for (int64_t p = first; p < last; ++p) {
      const int64_t width = b.width(p);
      const auto product = width == kernel.columns ? kernel.product : kernel.product_narrow;
      for (int64_t row = 0; row < block.count; row += kernel.rows) {
        for (int64_t m = 0; m < kernel.rows; ++m) {
          const int64_t at = std::min(row + m, block.count - 1);
          const auto slot = static_cast<size_t>(m);
          rows[slot] = block.a + at * block.step + depth;
          sums[slot] = block.sums + at * block.sums_step + (p - first) * kernel.columns;
          starts[slot] = sums[slot];
        }
        product(rows.data(), 1, length, b.panel(p) + depth * width, starts.data(), sums.data());
      }
    }
  }
}

/// Calls body(first row, end row, first panel, end panel) for blocks of a [rows, columns] result.
template <typename Body>
void for_each_block(int64_t rows, int64_t panels, const Body& body) {
  const int64_t row_grain = kTiles * tile().rows;
  const int64_t row_blocks = (rows + row_grain - 1) / row_grain;
  const int64_t panel_blocks = (panels + kPanels - 1) / kPanels;
  parallel_for(row_blocks * panel_blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t row = task / panel_blocks * row_grain;
      const int64_t panel = task % panel_blocks * kPanels;
      body(row, std::min(rows, row + row_grain), panel, std::min(panels, panel + kPanels));
    }
  });
}

}  // namespace

// The weights are the rows of the tile, read in place; what is packed is the smaller x.
Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor* bias) {
  check("linear", x.shape(), weight.shape(), 1, 1);
  const int64_t samples = x.shape()[0];
  const int64_t depth = x.shape()[1];
  const int64_t features = weight.shape()[0];
  if (bias != nullptr && bias->shape() != Shape{features}) {
    throw ShapeError("[linear] expects a bias " + to_string(Shape{features}) + ", got " +
                     to_string(bias->shape()) + " (weight " + to_string(weight.shape()) + ")");
  }
  Tensor y = Tensor::uninitialized({samples, features});
  const Panels panels = pack_rows(x.data(), depth, samples, depth);
  const int64_t columns = tile().columns;
  for_each_block(features, panels.count(), [&](int64_t f0, int64_t f1, int64_t p0, int64_t p1) {
    const int64_t step = (p1 - p0) * columns;
    std::vector<real> sums(static_cast<size_t>((f1 - f0) * step));
    for (int64_t f = f0; f < f1 && bias != nullptr; ++f) {
      std::fill_n(sums.begin() + (f - f0) * step, step, (*bias)[f]);
    }
    multiply({weight.data() + f0 * depth, depth, f1 - f0, sums.data(), step}, panels, p0, p1);
    const int64_t n0 = p0 * columns;
    for (int64_t n = n0; n < std::min(samples, p1 * columns); ++n) {
      for (int64_t f = f0; f < f1; ++f) {
        y[n * features + f] = sums[static_cast<size_t>((f - f0) * step + n - n0)];
      }
    }
  });
  return y;
}

Tensor linear_input_gradient(const Tensor& dy, const Tensor& weight) {
  check("linear", dy.shape(), weight.shape(), 1, 0);
  const int64_t samples = dy.shape()[0];
  const int64_t features = weight.shape()[0];
  const int64_t depth = weight.shape()[1];
  std::vector<const real*> weight_rows(static_cast<size_t>(features));
  for (int64_t f = 0; f < features; ++f) {
    weight_rows[static_cast<size_t>(f)] = weight.data() + f * depth;
  }
  Tensor dx = Tensor::uninitialized({samples, depth});
  const Panels panels = pack_columns(weight_rows, depth);
  const int64_t columns = tile().columns;
  for_each_block(samples, panels.count(), [&](int64_t n0, int64_t n1, int64_t p0, int64_t p1) {
    const int64_t step = (p1 - p0) * columns;
    std::vector<real> sums(static_cast<size_t>((n1 - n0) * step));
    multiply({dy.data() + n0 * features, features, n1 - n0, sums.data(), step}, panels, p0, p1);
    const int64_t used = std::min(depth, p1 * columns) - p0 * columns;
    for (int64_t n = n0; n < n1; ++n) {
      std::copy_n(sums.begin() + (n - n0) * step, used, dx.data() + n * depth + p0 * columns);
    }
  });
  return dx;
}

Tensor linear_weight_gradient(const Tensor& x, const Tensor& dy) {
  check("linear", x.shape(), dy.shape(), 0, 0);
  const int64_t samples = x.shape()[0];
  const int64_t features = dy.shape()[1];
  Tensor turned = Tensor::uninitialized({features, samples});
  parallel_for(features, 16, [&](int64_t begin, int64_t end) {
    for (int64_t n = 0; n < samples; ++n) {
      for (int64_t f = begin; f < end; ++f) turned[f * samples + n] = dy[n * features + f];
    }
  });
  return linear_input_gradient(turned, x);
}

Variable linear(const Variable& x, const Variable& weight, const Variable& bias) {
  Tensor y = linear_forward(x.value(), weight.value(), bias.defined() ? &bias.value() : nullptr);
  std::vector<Variable> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  return Variable::from_op("linear", std::move(y), std::move(inputs),
                           [](Tensor&& dy, std::span<Variable> in) {
                             if (in[1].requires_grad())
                               in[1].accumulate(linear_weight_gradient(in[0].value(), dy));
                             if (in.size() > 2 && in[2].requires_grad())
                               in[2].accumulate(column_sums(dy));
                             if (in[0].requires_grad())
                               in[0].accumulate(linear_input_gradient(dy, in[1].value()));
                           });
}

Variable matmul(const Variable& a, const Variable& b) {
  check("matmul", a.shape(), b.shape(), 1, 0);
  return Variable::from_op("matmul", linear_input_gradient(a.value(), b.value()), {a, b},
                           [](Tensor&& dy, std::span<Variable> in) {
                             if (in[0].requires_grad()) {
                               in[0].accumulate(linear_forward(dy, in[1].value(), nullptr));
                             }
                             if (in[1].requires_grad()) {
                               in[1].accumulate(linear_weight_gradient(dy, in[0].value()));
                             }
                           });
}

namespace {

OpExample linear_example(std::string name, const Shape& x, const Shape& weight, bool with_bias) {
  OpExample made;
  made.name = std::move(name);
  made.inputs = {example_tensor(x, 1), example_tensor(weight, 2)};
  if (with_bias) made.inputs.push_back(example_tensor({weight.rank() > 0 ? weight[0] : 1}, 3));
  made.apply = [](std::span<const Variable> in) {
    return linear(in[0], in[1], in.size() > 2 ? in[2] : Variable());
  };
  return made;
}

OpExample matmul_example(std::string name, const Shape& a, const Shape& b) {
  OpExample made;
  made.name = std::move(name);
  made.inputs = {example_tensor(a, 1), example_tensor(b, 2)};
  made.apply = [](std::span<const Variable> in) { return matmul(in[0], in[1]); };
  return made;
}

}  // namespace

OpExamples matmul_examples() {
  OpExamples made;
  made.gradients = {linear_example("linear", {3, 5}, {4, 5}, false),
                    linear_example("linear with bias", {7, 9}, {11, 9}, true),
                    matmul_example("matmul", {5, 4}, {4, 9})};
  made.large = {linear_example("linear", {70, 600}, {150, 600}, true),
                matmul_example("matmul", {70, 600}, {600, 150})};
  made.refused = {linear_example("rank", {3, 5, 1}, {4, 5}, false),
                  linear_example("extents", {3, 5}, {4, 6}, false),
                  matmul_example("matmul extents", {3, 5}, {4, 5})};
  return made;
}

}  // namespace fracbit::ops
