#include "fracbit/layers/pool.h"

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/avg_pool.h"
#include "fracbit/framework/ops/global_avg_pool.h"
#include "fracbit/framework/ops/max_pool.h"
#include "fracbit/framework/ops/pool.h"
#include "fracbit/layers/geometry.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/lowering.h"

namespace fracbit::layers {

Pool::Pool(const Spec& spec) : spec_(spec) {
  require_positive("pool", "kernel", spec.kernel);
  require_positive("pool", "stride", spec.stride);
}

Variable Pool::forward(const Variable& x) {
  const ops::PoolOptions options{spec_.kernel, spec_.stride, spec_.padding, spec_.padding};
  return spec_.kind == Kind::max ? ops::max_pool(x, options) : ops::avg_pool(x, options);
}

Shape Pool::do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const {
  return ops::pool_shape(spec_.kind == Kind::max ? "max_pool" : "avg_pool", x,
                         {spec_.kernel, spec_.stride, spec_.padding, spec_.padding});
}

Variable GlobalAvgPool::forward(const Variable& x) {
  return ops::global_avg_pool(x);
}

Shape GlobalAvgPool::do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const {
  if (x.rank() != 4)
    throw ShapeError("[global_avg_pool] expects images [N, H, W, C], got " + to_string(x));
  return {x[0], x[3]};
}

void Pool::do_lower(deploy::Lowering& to) const {
  to.add(deploy::Pool{spec_.kind == Kind::average, spec_.kernel, spec_.stride, spec_.padding,
                      spec_.padding});
}

void GlobalAvgPool::do_lower(deploy::Lowering& to) const {
  to.add(deploy::GlobalMean{});
}

std::vector<Example> pool_examples() {
  return {
      {"max pool", std::make_shared<Pool>(Pool::Spec{}), {2, 4, 4, 3}},
      {"average pool",
       std::make_shared<Pool>(Pool::Spec{.kind = Pool::Kind::average, .kernel = 3, .padding = 1}),
       {2, 5, 5, 2}},
      {"global average pool", std::make_shared<GlobalAvgPool>(), {2, 3, 4, 5}}};
}

}  // namespace fracbit::layers
