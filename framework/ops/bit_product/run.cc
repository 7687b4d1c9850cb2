#include "fracbit/framework/ops/bit_product/run.h"

#include <array>

#include "fracbit/framework/buffer.h"
#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/ops/bit_product/group.h"
#include "fracbit/framework/ops/bit_product/integers.h"
#include "fracbit/framework/ops/bit_product/kernels.h"
#include "fracbit/framework/ops/bit_product/plan.h"

namespace fracbit::ops::bit_product {
namespace {

namespace bitgemm = kernels::bitgemm;
using bitgemm::kFilters;

constexpr size_t kMostTerms = 8;  // of a residual BitTensor
constexpr int64_t kPixels =
    64;  // of a task: the sums of all pairs of terms stay in the first cache

/// y of one group: the integers of each pair of terms, then their scales.
class Scaled {
 public:
  Scaled(const Plan& plan, const ScaledBits& x, const ScaledBits& w, const Geometry& geometry,
         int64_t group, const bitgemm::Kernels& kernels, Tensor& y)
      : plan_(plan),
        x_(x),
        w_(w),
        geometry_(geometry),
        kernels_(kernels),
        y_(y),
        first_(group * geometry.group_filters()),
        group_(plan, x.bits, w.bits, geometry, group, kernels, kPixels, nullptr) {}

  void operator()() const {
    group_.for_each([&](const Group::Task& task) {
      const int64_t size = task.rows * geometry_.out_width * group_.block_filters();
      Buffer<int32_t> sums(plan_.w_terms * plan_.x_terms * size);
      for (int64_t b = task.begin; b < task.end; ++b) {
        for (size_t i = 0; i < plan_.steps.size(); ++i) {
          bitgemm::Output output{};
          output.out = sums.data() + plan_.steps[i].sum * size;
          output.out_step = group_.block_filters();
          group_.sum(task, b, i, output);
        }
        scale(task, b, sums.data());
      }
    });
  }

 private:
  void scale(const Group::Task& task, int64_t b, const int32_t* sums) const;

  const Plan& plan_;
  const ScaledBits& x_;
  const ScaledBits& w_;
  const Geometry& geometry_;
  const bitgemm::Kernels& kernels_;
  Tensor& y_;
  int64_t first_;  // filter
  Group group_;
};

void Scaled::scale(const Group::Task& task, int64_t b, const int32_t* sums) const {
  const int64_t w_groups = w_.scales.size() / plan_.w_terms;
  const int64_t x_groups = x_.scales.size() / plan_.x_terms;
  const int64_t first = first_ + b * kFilters;
  const int64_t valid = group_.filters_of(b);
  std::array<real, kMostTerms * kFilters> w_scale{};
  for (int64_t f = 0; f < valid; ++f) {
    const real* of_filter = w_.scales.data() + (w_groups == 1 ? 0 : (first + f) * plan_.w_terms);
    for (int64_t n = 0; n < plan_.w_terms; ++n) {
      w_scale[static_cast<size_t>(n * kFilters + f)] = of_filter[n];
    }
  }
  // A dense product has a sample per row.
  const bool per_row = x_groups > 1 && geometry_.images == 1;
  const int64_t sample = x_groups == 1 ? 0 : per_row ? task.row : task.image;

  bitgemm::Epilogue epilogue;
  epilogue.sums = sums;
  epilogue.pixels = task.rows * geometry_.out_width;
  epilogue.w_terms = plan_.w_terms;
  epilogue.x_terms = plan_.x_terms;
  epilogue.w_scale = w_scale.data();
  epilogue.x_scale = x_.scales.data() + sample * plan_.x_terms;
  epilogue.x_scale_step = per_row ? plan_.x_terms : 0;
  epilogue.y_step = geometry_.filters;
  epilogue.y = y_.data() + group_.first_output(task, b);
  epilogue.filters = static_cast<int>(valid);
  const bool single = plan_.w_terms == 1 && plan_.x_terms == 1;
  (single ? kernels_.scale : kernels_.combine)(epilogue);
}

}  // namespace

void run(const ScaledBits& x, const ScaledBits& w, const Geometry& geometry, std::string_view isa,
         Tensor& y) {
  const bitgemm::Kernels& kernels = require_kernels(isa);
  largest_integer(x.bits, w.bits);
  if (y.empty()) return;
  const Plan plan = make_plan(describe(x.bits), describe(w.bits));
  for (int64_t group = 0; group < geometry.options.groups; ++group) {
    Scaled(plan, x, w, geometry, group, kernels, y)();
  }
}

}  // namespace fracbit::ops::bit_product
