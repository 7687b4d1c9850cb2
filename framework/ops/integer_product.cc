#include "fracbit/framework/ops/integer_product.h"

#include <algorithm>
#include <string_view>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/bit_product/geometry.h"
#include "fracbit/framework/ops/bit_product/integers.h"
#include "fracbit/framework/ops/bit_product/kernels.h"
#include "fracbit/framework/ops/quantized_product.h"

namespace fracbit::ops {
namespace {

using bit_product::Geometry;

IntTensor integers(const BitTensor& x, const BitTensor& w, const Geometry& geometry,
                   const Shape& shape) {
  const int64_t most = bit_product::largest_integer(x, w);
  IntTensor d(shape, std::max(IntWidth::int16, width_for(most)));
  bit_product::run_integers(x, w, geometry, bit_product::active_kernels(), d);
  return d;
}

}  // namespace

IntTensor integer_conv2d(const BitTensor& x, const BitTensor& w, const Conv2dOptions& options) {
  const Shape shape = conv2d_shape(x.shape(), w.shape(), options);
  return integers(x, w, Geometry::conv2d(x.shape(), w.shape(), options), shape);
}

IntTensor integer_linear(const BitTensor& x, const BitTensor& w) {
  const Shape& xs = x.shape();
  const Shape& ws = w.shape();
  if (xs.rank() != 2 || ws.rank() != 2 || xs[1] != ws[1]) {
    throw ShapeError("[integer_linear] expects x [N, K] and weight [F, K], got x " + to_string(xs) +
                     " and weight " + to_string(ws));
  }
  return integers(x, w, Geometry::linear(xs, ws), {xs[0], ws[0]});
}

int64_t largest_integer(const BitTensor& x, const BitTensor& w) {
  return bit_product::largest_integer(x, w);
}

std::string integer_product_name(const BitTensor& x, const BitTensor& w, int64_t taps,
                                 int64_t group_filters) {
  const std::string name = quantized_product_name(x, w);
  const bit_product::Plan plan =
      bit_product::make_plan(bit_product::describe(x), bit_product::describe(w));
  if (bit_product::lookup_kernels(plan, taps, group_filters, bit_product::active_kernels()) ==
      nullptr)
    return name;
  constexpr std::string_view kCounted = "popcount";
  return std::string(name).replace(name.find(kCounted), kCounted.size(), "lookup");
}

}  // namespace fracbit::ops
