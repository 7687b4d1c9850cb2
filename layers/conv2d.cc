#include "fracbit/layers/conv2d.h"

#include "fracbit/framework/error.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/lowering.h"

namespace fracbit::layers {

Conv2d::Conv2d(const Spec& spec) : spec_(spec) {
  require_positive("conv2d", "in", spec.in);
  require_positive("conv2d", "out", spec.out);
  require_positive("conv2d", "kernel", spec.kernel);
  require_positive("conv2d", "stride", spec.stride);
  require_positive("conv2d", "groups", spec.groups);
  weight_ = add_parameter("weight", {spec.out, spec.kernel, spec.kernel, spec.in / spec.groups});
  if (spec.bias) bias_ = add_parameter("bias", {spec.out});
}

Variable Conv2d::forward(const Variable& x) {
  return ops::conv2d(
      x, weight_, bias_,
      convolution_geometry(x.shape(), spec_.kernel, spec_.stride, spec_.padding, spec_.groups));
}

Shape Conv2d::do_trace(const Shape& x, const std::string& path,
                       std::vector<LayerInfo>& rows) const {
  const Shape y = ops::conv2d_shape(
      x, weight_.shape(),
      convolution_geometry(x, spec_.kernel, spec_.stride, spec_.padding, spec_.groups));
  const int64_t parameters = weight_.value().size() + (spec_.bias ? spec_.out : 0);
  rows.push_back(
      float_layer_info(path, "conv2d", y, parameters, y[1] * y[2] * weight_.value().size()));
  return y;
}

void Conv2d::do_initialize(uint64_t seed, uint32_t stream) {
  initialize_uniform(weight_.mutable_value(), weight_.shape().stride0(),
                     {seed, stream, 0, Purpose::initial_weights});
  if (spec_.bias) {
    initialize_uniform(bias_.mutable_value(), weight_.shape().stride0(),
                       {seed, stream, 1, Purpose::initial_weights});
  }
}

void Conv2d::do_lower(deploy::Lowering& to) const {
  deploy::Block block = float_block(to, weight_.value(), bias_);
  set_geometry(
      convolution_geometry(to.shape(), spec_.kernel, spec_.stride, spec_.padding, spec_.groups),
      block);
  to.add(std::move(block), {});
}

std::vector<Example> conv2d_examples() {
  return {{"conv2d 3x3", std::make_shared<Conv2d>(Conv2d::Spec{.in = 2, .out = 3}), {2, 5, 5, 2}},
          {"conv2d 3x3 stride 2 bias",
           std::make_shared<Conv2d>(
               Conv2d::Spec{.in = 2, .out = 4, .stride = 2, .groups = 2, .bias = true}),
           {2, 6, 6, 2}}};
}

}  // namespace fracbit::layers
