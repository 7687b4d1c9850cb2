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
#include "fracbit/framework/profile.h"

namespace fracbit::ops {
namespace {

/// Terms of the sums that are taken before the next tile, so that both operands stay in cache.
constexpr int64_t kDepth = 256;
/// Rows, and panels of columns, that one task owns.
constexpr int64_t kRows = 256;
constexpr int64_t kPanels = 8;
/// The same where the rows are weights, which are read once.
constexpr int64_t kWeightRows = 32;
constexpr int64_t kSamplePanels = 16;

void check(const char* what, const Shape& a, const Shape& b, int a_axis, int b_axis) {
  if (a.rank() == 2 && b.rank() == 2 && a[a_axis] == b[b_axis]) return;
  throw ShapeError(std::string("[") + what + "] expects two matrices of equal extent " +
                   std::to_string(a_axis) + " and " + std::to_string(b_axis) + ", got " +
                   to_string(a) + " and " + to_string(b));
}

/// A block of c = a b: `count` rows of `a` and of `c`, in memory a_step and c_step apart.
struct RowBlock {
  const real* a;
  int64_t a_step;
  int64_t count;
  real* c;
  int64_t c_step;
};

/// c[m][n] = start[m][n] + sum over k < length of a[m][k] panel[k][n], n < used; start is c itself
/// to go on with a sum, or else zeros.
void multiply_panel(const RowBlock& block, int64_t length, const real* panel, int64_t width,
                    int64_t used, const real* zeros) {
  const kernels::tile::Kernels& kernel = tile();
  const auto product = width == kernel.columns ? kernel.product : kernel.product_narrow;
  const real* rows[kernels::tile::kMaxRows];
  const real* starts[kernels::tile::kMaxRows];
  real* results[kernels::tile::kMaxRows];
  real spare[kernels::tile::kMaxRows * kernels::tile::kMaxColumns];
  for (int64_t row = 0; row < block.count; row += kernel.rows) {
    for (int64_t m = 0; m < kernel.rows; ++m) {
      const int64_t at = std::min(row + m, block.count - 1);
      rows[m] = block.a + at * block.a_step;
      results[m] = used == width ? block.c + at * block.c_step : spare + m * width;
      starts[m] = zeros != nullptr ? zeros : results[m];
      if (zeros == nullptr && used < width) {
        std::copy_n(block.c + at * block.c_step, used, results[m]);
      }
    }
    product(rows, 1, length, panel, starts, results);
    if (used == width) continue;
    for (int64_t m = 0; m < std::min(kernel.rows, block.count - row); ++m) {
      std::copy_n(spare + m * width, used, block.c + (row + m) * block.c_step);
    }
  }
}

/// Calls body(first row, end row, first column, end column) for blocks of a [rows, columns] result.
template <typename Body>
void for_each_block(int64_t rows, int64_t row_grain, int64_t columns, int64_t column_grain,
                    const Body& body) {
  const int64_t row_blocks = (rows + row_grain - 1) / row_grain;
  const int64_t column_blocks = (columns + column_grain - 1) / column_grain;
  parallel_for(row_blocks * column_blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t row = task / column_blocks * row_grain;
      const int64_t column = task % column_blocks * column_grain;
      body(row, std::min(rows, row + row_grain), column, std::min(columns, column + column_grain));
    }
  });
}

/// Panels of `length` rows of b, kDepth columns apart. A few rows at a time go into all panels, so
/// that memory is read in runs longer than a panel is wide.
void copy_panels(const real* b, int64_t b_step, int64_t length, int64_t columns, real* panels) {
  const kernels::tile::Kernels& kernel = tile();
  constexpr int64_t kRowsAtOnce = 8;
  for (int64_t k = 0; k < length; k += kRowsAtOnce) {
    for (int64_t column = 0; column < columns; column += kernel.columns) {
      const int64_t used = std::min(kernel.columns, columns - column);
      const int64_t width = panel_width(used);
      kernel.copy(b + k * b_step + column, b_step, used, std::min(kRowsAtOnce, length - k), width,
                  panels + column * kDepth + k * width);
    }
  }
}

/// c = a b, where b is [depth, b_step] in memory: its panels are copied as they are needed.
void multiply_block(const RowBlock& block, const real* b, int64_t b_step, int64_t depth,
                    int64_t columns) {
  const kernels::tile::Kernels& kernel = tile();
  const std::vector<real> zeros(static_cast<size_t>(kernel.columns), real{0});
  Tensor panels = Tensor::uninitialized({kPanels * kernel.columns * kDepth});
  for (int64_t k = 0; k == 0 || k < depth; k += kDepth) {
    const int64_t length = std::min(kDepth, depth - k);
    copy_panels(b + k * b_step, b_step, length, columns, panels.data());
    for (int64_t column = 0; column < columns; column += kernel.columns) {
      const int64_t used = std::min(kernel.columns, columns - column);
      multiply_panel({block.a + k, block.a_step, block.count, block.c + column, block.c_step},
                     length, panels.data() + column * kDepth, panel_width(used), used,
                     k == 0 ? zeros.data() : nullptr);
    }
  }
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
  const auto block = [&](int64_t f0, int64_t f1, int64_t p0, int64_t p1) {
    const int64_t step = (p1 - p0) * columns;
    std::vector<real> sums(static_cast<size_t>((f1 - f0) * step));
    for (int64_t f = f0; f < f1 && bias != nullptr; ++f) {
      std::fill_n(sums.begin() + (f - f0) * step, step, (*bias)[f]);
    }
    for (int64_t k = 0; k < depth; k += kDepth) {
      for (int64_t p = p0; p < p1; ++p) {
        const int64_t width = panels.width(p);
        multiply_panel({weight.data() + f0 * depth + k, depth, f1 - f0,
                        sums.data() + (p - p0) * columns, step},
                       std::min(kDepth, depth - k), panels.panel(p) + k * width, width, width,
                       nullptr);
      }
    }
    for (int64_t n = p0 * columns; n < std::min(samples, p1 * columns); ++n) {
      const real* from = sums.data() + n - p0 * columns;
      for (int64_t f = f0; f < f1; ++f) y[n * features + f] = from[(f - f0) * step];
    }
  };
  for_each_block(features, kWeightRows, panels.count(), kSamplePanels, block);
  return y;
}

Tensor linear_input_gradient(const Tensor& dy, const Tensor& weight) {
  check("linear", dy.shape(), weight.shape(), 1, 0);
  const int64_t samples = dy.shape()[0];
  const int64_t features = weight.shape()[0];
  const int64_t depth = weight.shape()[1];
  Tensor dx = Tensor::uninitialized({samples, depth});
  for_each_block(samples, kRows, depth, kPanels * tile().columns,
                 [&](int64_t n0, int64_t n1, int64_t k0, int64_t k1) {
                   multiply_block({dy.data() + n0 * features, features, n1 - n0,
                                   dx.data() + n0 * depth + k0, depth},
                                  weight.data() + k0, depth, features, k1 - k0);
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
  const Work work = product_work(x.shape(), weight.shape(), y.shape());
  Profile::note(work);
  std::vector<Variable> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  return Variable::from_op("linear", std::move(y), std::move(inputs),
                           [work](Tensor&& dy, std::span<Variable> in) {
                             if (in[1].requires_grad()) {
                               const Profile::Span span(Phase::weight_gradient, work);
                               in[1].accumulate(linear_weight_gradient(in[0].value(), dy));
                             }
                             if (in.size() > 2 && in[2].requires_grad())
                               in[2].accumulate(column_sums(dy));
                             if (in[0].requires_grad()) {
                               const Profile::Span span(Phase::input_gradient, work);
                               in[0].accumulate(linear_input_gradient(dy, in[1].value()));
                             }
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
