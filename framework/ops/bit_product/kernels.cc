#include "fracbit/framework/ops/bit_product/kernels.h"

#include <string>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/kernels/lookup/lookup.h"

namespace fracbit::ops::bit_product {

namespace bitgemm = kernels::bitgemm;

const bitgemm::Kernels& require_kernels(std::string_view isa) {
  const bitgemm::Kernels* kernels = bitgemm::find(std::string(isa).c_str());
  if (kernels == nullptr) {
    throw ConfigError("[quantized_product] has no kernels for " + std::string(isa));
  }
  return *kernels;
}

const kernels::lookup::Kernels* lookup_kernels(const Plan& plan, int64_t taps,
                                               int64_t group_filters, std::string_view isa) {
  constexpr int64_t kFewestTaps = 4;  // that make up for making a table
  const auto* kernels = kernels::lookup::find(std::string(isa).c_str());
  if (kernels == nullptr || plan.steps.size() != 1 || taps < kFewestTaps) return nullptr;
  const Step& step = plan.steps[0];
  const bool fits =
      (step.op == Op::codes || step.op == Op::signs) && step.x_planes >= kernels->planes &&
      step.x_planes <= kernels::lookup::kTablePlanes && 2 * group_filters >= kernels->filters;
  return fits ? kernels : nullptr;
}

std::string_view active_kernels() {
  const std::string_view isa = isa_name(active_isa());
  return bitgemm::find(std::string(isa).c_str()) != nullptr ? isa : isa_name(Isa::scalar);
}

}  // namespace fracbit::ops::bit_product
