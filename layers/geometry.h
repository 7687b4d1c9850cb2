#pragma once

#include <cstdint>

#include "fracbit/framework/module.h"
#include "fracbit/framework/ops/conv2d.h"

namespace fracbit::layers {

/// Padding that keeps output = ceil(input / stride): total = max(0, (output - 1) stride + kernel -
/// input), the smaller half first (TensorFlow's SAME). Any other padding is that many zeros on all
/// sides; 0 is VALID.
inline constexpr int64_t kSame = -1;

/// The geometry of a convolution with a square kernel for input x [N, H, W, C]. Throws ShapeError
/// if x is not rank 4, or if SAME would need other padding for height than for width.
ops::Conv2dOptions convolution_geometry(const Shape& x, int64_t kernel, int64_t stride,
                                        int64_t padding, int64_t groups);

/// Throws ConfigError "[layer] field: expected a positive number, got ..." unless value > 0.
void require_positive(const char* layer, const char* field, int64_t value);

/// Uniform in +-1/sqrt(fan_in), fan_in = elements per index of axis 0. The variance is 1 / (3
/// fan_in).
void initialize_uniform(Tensor& weight, int64_t fan_in, const Random& random);

/// The row of a float layer with `parameters` numbers, all kept as float32.
LayerInfo float_layer_info(const std::string& path, const char* kind, const Shape& output,
                           int64_t parameters, int64_t macs);

}  // namespace fracbit::layers
