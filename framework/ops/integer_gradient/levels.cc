#include "fracbit/framework/ops/integer_gradient/levels.h"

#include <algorithm>
#include <vector>

#include "fracbit/framework/ops/integer_levels/dense_weight.h"
#include "fracbit/framework/ops/integer_levels/input_gradient.h"
#include "fracbit/framework/ops/integer_levels/weight_gradient.h"

namespace fracbit::ops::integer_gradient {
namespace {

IntTensor levels_of(const BitTensor& bits) {
  const Buffer<int16_t> levels = unpack_levels(bits);
  const LevelRange range(bits);
  const bool bytes = range.low >= -128 && range.high <= 127;
  IntTensor ints({levels.size()}, bytes ? IntWidth::int8 : IntWidth::int16);
  if (bytes) {
    std::transform(levels.begin(), levels.end(), ints.data<int8_t>(),
                   [](int16_t level) { return static_cast<int8_t>(level); });
  } else {
    std::copy(levels.begin(), levels.end(), ints.data<int16_t>());
  }
  return ints;
}

/// Samples of one pixel each, as pixels of one image.
Conv2dGeometry rows_of_one_image(const Conv2dGeometry& s) {
  return Conv2dGeometry("linear", {1, s.images, 1, s.channels}, {s.filters, 1, 1, s.channels}, {});
}

}  // namespace

void levels_input_gradient(const GradientCodes& g, const ScaledBits& w, const Conv2dGeometry& s,
                           Tensor& dx) {
  std::vector<real> scales;
  for (const real scale : g.scales.span()) scales.push_back(scale * w.scales[0]);
  integer_levels::input_gradient(
      g, levels_of(w.bits), integer_levels::is_dense(s) ? rows_of_one_image(s) : s, scales, dx);
}

void levels_weight_gradient(const ScaledBits& x, const GradientCodes& g, const Conv2dGeometry& s,
                            Tensor& dw) {
  integer_levels::weight_gradient({levels_of(x.bits), x.scales}, g, s, dw);
}

}  // namespace fracbit::ops::integer_gradient
