#include "fracbit/layers/geometry.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "fracbit/framework/error.h"

namespace fracbit::layers {
namespace {

int64_t same_total(int64_t extent, int64_t kernel, int64_t stride) {
  const int64_t output = (extent + stride - 1) / stride;
  return std::max<int64_t>(0, (output - 1) * stride + kernel - extent);
}

}  // namespace

ops::Conv2dOptions convolution_geometry(const Shape& x, int64_t kernel, int64_t stride,
                                        int64_t padding, int64_t groups) {
  if (x.rank() != 4) throw ShapeError("[conv2d] expects images [N, H, W, C], got " + to_string(x));
  ops::Conv2dOptions options{stride, padding, padding, groups};
  if (padding != kSame) return options;
  const int64_t total = same_total(x[1], kernel, stride);
  if (total != same_total(x[2], kernel, stride)) {
    throw ShapeError("[conv2d] SAME padding differs for height and width of " + to_string(x) +
                     ", give it as a number");
  }
  options.padding_begin = total / 2;
  options.padding_end = total - total / 2;
  return options;
}

void require_positive(const char* layer, const char* field, int64_t value) {
  if (value > 0) return;
  throw ConfigError("[" + std::string(layer) + "] " + field + ": expected a positive number, got " +
                    std::to_string(value));
}

void initialize_uniform(Tensor& weight, int64_t fan_in, const Random& random) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  for (int64_t i = 0; i < weight.size(); ++i) {
    weight[i] = static_cast<real>(bound * (2 * random.uniform(i) - 1));
  }
}

LayerInfo float_layer_info(const std::string& path, const char* kind, const Shape& output,
                           int64_t parameters, int64_t macs) {
  LayerInfo info;
  info.name = path;
  info.kind = kind;
  info.output = output;
  info.parameters = parameters;
  info.weights = parameters;
  info.packed_bytes = 4 * parameters;
  info.macs = macs;
  info.engine = "float";
  return info;
}

}  // namespace fracbit::layers
