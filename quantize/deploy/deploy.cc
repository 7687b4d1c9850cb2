#include "fracbit/quantize/deploy/deploy.h"

#include "fracbit/framework/atomic_file.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/deploy/format.h"
#include "fracbit/quantize/deploy/lowering.h"

namespace fracbit::deploy {
namespace {

void for_each(void*, int64_t count, void (*task)(void* data, int64_t i), void* data) {
  parallel_for(count, 1, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) task(data, i);
  });
}

}  // namespace

void Package::save(const std::string& path) const {
  AtomicFile file(path);
  file.write(std::span<const std::byte>(bytes));
  file.commit();
}

Model lower(const Module& network, const Shape& input, const PackOptions& options) {
  Lowering lowering(input, options.untrained, options.float_weights);
  network.lower(lowering);
  Model model = std::move(lowering).finish();
  model.metadata = options.metadata;
  return model;
}

Package pack(const Module& network, const Shape& input, const PackOptions& options) {
  return {write_model(lower(network, input, options))};
}

Executor parallel_executor() {
  return {for_each, nullptr, threads()};
}

}  // namespace fracbit::deploy
