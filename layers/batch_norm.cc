#include "fracbit/layers/batch_norm.h"

#include <cmath>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/batch_norm.h"
#include "fracbit/layers/geometry.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/lowering.h"

namespace fracbit::layers {

BatchNorm::BatchNorm(const Spec& spec)
    : spec_(spec),
      running_mean_(Tensor::zeros({spec.channels})),
      running_var_(Tensor::full({spec.channels}, 1)) {
  require_positive("batch_norm", "channels", spec.channels);
  gamma_ = add_parameter("weight", {spec.channels});
  gamma_.mutable_value().fill(1);
  beta_ = add_parameter("bias", {spec.channels});
  add_buffer("running_mean", &running_mean_);
  add_buffer("running_var", &running_var_);
}

Variable BatchNorm::forward(const Variable& x) {
  return ops::batch_norm(x, gamma_, beta_, running_mean_, running_var_,
                         {.eps = spec_.eps, .momentum = spec_.momentum}, training());
}

Shape BatchNorm::do_trace(const Shape& x, const std::string& path,
                          std::vector<LayerInfo>& rows) const {
  if (x.rank() == 0 || x.back() != spec_.channels) {
    throw ShapeError("[batch_norm] expects " + std::to_string(spec_.channels) + " channels, got " +
                     to_string(x));
  }
  LayerInfo info = float_layer_info(path, "batch_norm", x, 2 * spec_.channels, 0);
  info.weights = 0;
  info.packed_bytes = 16 * spec_.channels;  // running statistics as well
  rows.push_back(info);
  return x;
}

void BatchNorm::do_initialize(uint64_t, uint32_t) {
  gamma_.mutable_value().fill(1);
  beta_.mutable_value().fill(0);
  running_mean_.fill(0);
  running_var_.fill(1);
}

void BatchNorm::do_lower(deploy::Lowering& to) const {
  deploy::Normalize normalize;
  for (int64_t c = 0; c < spec_.channels; ++c) {
    const double deviation = std::sqrt(static_cast<double>(running_var_[c]) + spec_.eps);
    normalize.mean.push_back(static_cast<float>(running_mean_[c]));
    normalize.slope.push_back(static_cast<float>(gamma_.value()[c] * (1 / deviation)));
    normalize.offset.push_back(static_cast<float>(beta_.value()[c]));
  }
  to.add(normalize);
}

std::vector<Example> batch_norm_examples() {
  return {{"batch_norm images",
           std::make_shared<BatchNorm>(BatchNorm::Spec{.channels = 3}),
           {2, 4, 4, 3}},
          {"batch_norm rows", std::make_shared<BatchNorm>(BatchNorm::Spec{.channels = 5}), {6, 5}}};
}

}  // namespace fracbit::layers
