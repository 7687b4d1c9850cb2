#include "fracbit/framework/ops/norm_quantize/check.h"

#include <cmath>
#include <string>
#include <utility>

#include "fracbit/framework/error.h"

namespace fracbit::ops {
namespace {

void check_options(const NormQuantizeOptions& options) {
  const BatchNormOptions& norm = options.norm;
  if (!(norm.eps > 0) || !std::isfinite(norm.eps)) {
    throw ConfigError("[norm_quantize] expects eps > 0, got " + std::to_string(norm.eps));
  }
  if (!(norm.momentum >= 0 && norm.momentum <= 1)) {
    throw ConfigError("[norm_quantize] expects momentum in [0, 1], got " +
                      std::to_string(norm.momentum));
  }
  const bool clips =
      options.activation == BlockActivation::clip01 || options.activation == BlockActivation::cabs;
  const bool codes = options.bits >= 1 && options.bits <= 8;
  const bool fits = options.activation == BlockActivation::sign
                        ? options.bits == 1
                        : options.bits == 32 || (clips && codes);
  if (!fits) {
    throw ConfigError(
        "[norm_quantize] expects 32 bits, 1 to 8 after clip01 or cabs, 1 after sign, got " +
        std::to_string(options.bits));
  }
}

void check_channels(const Shape& d, const char* name, const Shape& shape) {
  if (shape == Shape{d.back()}) return;
  throw ShapeError("[norm_quantize] expects " + std::string(name) + " of shape " +
                   to_string(Shape{d.back()}) + ", got " + to_string(shape) + " (d " +
                   to_string(d) + ")");
}

}  // namespace

Shape check_norm_quantize(const NormQuantizeInput& input, const Tensor& gamma, const Tensor& beta,
                          const Tensor& running_mean, const Tensor& running_var,
                          const NormQuantizeOptions& options, bool training) {
  check_options(options);
  const Shape& d = shape_of(input.d);
  if (d.rank() < 2) {
    throw ShapeError("[norm_quantize] expects a tensor [N, ..., C] of rank 2 or more, got shape " +
                     to_string(d));
  }
  check_channels(d, "gamma", gamma.shape());
  check_channels(d, "beta", beta.shape());
  check_channels(d, "running_mean", running_mean.shape());
  check_channels(d, "running_var", running_var.shape());
  if (input.scales.shape() != Shape{1}) check_channels(d, "scales", input.scales.shape());
  const Shape output = options.pool ? pool_shape("norm_quantize", d, *options.pool) : d;
  const Shape& counted = options.pool_first ? output : d;
  if (training && (d.back() == 0 || counted.size() / d.back() < 2)) {
    throw ShapeError(
        "[norm_quantize] expects two or more values per channel in training, got shape " +
        to_string(counted));
  }
  return output;
}

}  // namespace fracbit::ops
