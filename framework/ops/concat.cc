#include "fracbit/framework/ops/concat.h"

#include <algorithm>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {
namespace {

Shape concat_shape(const std::vector<Variable>& inputs, int axis) {
  if (inputs.empty()) throw ShapeError("[concat] expects at least one input, got none");
  const Shape& first = inputs[0].shape();
  int64_t extent = 0;
  for (const Variable& input : inputs) {
    const Shape& shape = input.shape();
    if (shape.rank() != first.rank() || shape.with(axis, 0) != first.with(axis, 0)) {
      throw ShapeError("[concat] expects inputs that differ along axis " + std::to_string(axis) +
                       " only, got " + to_string(first) + " and " + to_string(shape));
    }
    extent += shape[axis];
  }
  return first.with(axis, extent);
}

/// A tensor as `count` pieces of `length` contiguous numbers, one per index before the axis.
struct Pieces {
  Pieces(const Shape& shape, int axis) {
    const int at = axis < 0 ? axis + shape.rank() : axis;
    for (int i = 0; i < at; ++i) count *= shape[i];
    for (int i = at; i < shape.rank(); ++i) length *= shape[i];
  }
  int64_t count = 1;
  int64_t length = 1;
};

/// Copies piece p of `from` to piece p of `to`, `length` numbers each.
void copy_pieces(int64_t count, int64_t length, const real* from, int64_t from_stride, real* to,
                 int64_t to_stride) {
  const int64_t grain = std::max<int64_t>(1, kElementGrain / std::max<int64_t>(1, length));
  parallel_for(count, grain, [=](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      std::copy_n(from + p * from_stride, length, to + p * to_stride);
    }
  });
}

}  // namespace

Variable concat(const std::vector<Variable>& inputs, int axis) {
  Tensor y = Tensor::uninitialized(concat_shape(inputs, axis));
  const int64_t stride = Pieces(y.shape(), axis).length;
  real* to = y.data();
  for (const Variable& input : inputs) {
    const Pieces pieces(input.shape(), axis);
    copy_pieces(pieces.count, pieces.length, input.value().data(), pieces.length, to, stride);
    to += pieces.length;
  }
  return Variable::from_op(
      "concat", std::move(y), inputs, [axis, stride](Tensor&& dy, std::span<Variable> parts) {
        const real* from = dy.data();
        for (Variable& part : parts) {
          const Pieces pieces(part.shape(), axis);
          Tensor dx = Tensor::uninitialized(part.shape());
          copy_pieces(pieces.count, pieces.length, from, stride, dx.data(), pieces.length);
          part.accumulate(std::move(dx));
          from += pieces.length;
        }
      });
}

OpExamples concat_examples() {
  const auto along = [](int axis) {
    return [axis](std::span<const Variable> in) {
      return concat(std::vector<Variable>(in.begin(), in.end()), axis);
    };
  };
  const auto inputs = [](const Shape& a, const Shape& b) -> std::vector<Tensor> {
    return {example_tensor(a, 1), example_tensor(b, 2)};
  };
  return {.gradients = {{"channels", inputs({2, 3, 2, 3}, {2, 3, 2, 1}), along(-1)},
                        {"rows", inputs({2, 3, 2}, {2, 1, 2}), along(1)},
                        {"samples", inputs({1, 4}, {2, 4}), along(0)}},
          .large = {{"channels", inputs({90, 10, 10, 24}, {90, 10, 10, 40}), along(3)}},
          .refused = {{"other extents", inputs({2, 3, 4}, {2, 2, 4}), along(2)},
                      {"other rank", inputs({2, 3}, {2, 3, 1}), along(0)},
                      {"no such axis", inputs({2, 3}, {2, 3}), along(2)},
                      {"nothing", {}, along(0)}}};
}

}  // namespace fracbit::ops
