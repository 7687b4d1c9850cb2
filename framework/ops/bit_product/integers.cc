#include "fracbit/framework/ops/bit_product/integers.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/ops/bit_product/group.h"
#include "fracbit/framework/ops/bit_product/kernels.h"
#include "fracbit/framework/ops/bit_product/plan.h"

namespace fracbit::ops::bit_product {
namespace {

namespace bitgemm = kernels::bitgemm;

/// Magnitudes of a level, and of what mul q and add can be apart.
struct Range {
  int64_t level = 1, apart = 1;

  explicit Range(const BitTensor& bits) {
    if (bits.encoding() == Encoding::residual) return;
    const CodeMap map = bits.map();
    const int64_t most = map.mul * ((int64_t{1} << bits.bits()) - 1);
    level = std::max(std::abs(int64_t{map.add}), std::abs(most + map.add));
    apart = std::abs(most) + std::abs(int64_t{map.add});
  }
};

/// Tasks of this many pixels keep their inputs in the first cache.
constexpr int64_t kPixels = 256;

template <typename Integer>
void run_groups(const BitTensor& x, const BitTensor& w, const Geometry& geometry,
                const bitgemm::Kernels& kernels, Integer* d) {
  const Plan plan = make_plan(describe(x), describe(w));
  if (plan.x_terms * plan.w_terms != 1) {
    throw ConfigError("[integer_product] expects codes or one residual term, got " +
                      std::to_string(w.bits()) + " terms by " + std::to_string(x.bits()));
  }
  bitgemm::Output output{};
  output.narrow = sizeof(Integer) == 2;
  output.out_step = geometry.filters;
  for (int64_t g = 0; g < geometry.options.groups; ++g) {
    const Group group(
        plan, x, w, geometry, g, kernels, kPixels,
        lookup_kernels(plan, geometry.taps(), geometry.group_filters(), kernels.name));
    group.for_each([&](const Group::Task& task) {
      for (int64_t b = task.begin; b < task.end; ++b) {
        bitgemm::Output of_block = output;
        of_block.out = d + group.first_output(task, b);
        for (size_t step = 0; step < plan.steps.size(); ++step) {
          group.sum(task, b, step, of_block);
        }
      }
    });
  }
}

}  // namespace

int64_t largest_integer(const BitTensor& x, const BitTensor& w) {
  const Range a(x);
  const Range b(w);
  const int64_t length = w.shape().stride0();
  const int64_t most = int64_t{INT32_MAX} / (a.apart * b.apart);
  if (length > most) {
    throw ShapeError("[quantized_product] expects sums that fit 32 bits, at most " +
                     std::to_string(most) + " products, got " + std::to_string(length) + " (x " +
                     to_string(x.shape()) + ", weight " + to_string(w.shape()) + ")");
  }
  return length * a.level * b.level;
}

void run_integers(const BitTensor& x, const BitTensor& w, const Geometry& geometry,
                  std::string_view isa, IntTensor& d) {
  const bitgemm::Kernels& kernels = require_kernels(isa);
  largest_integer(x, w);
  if (d.size() == 0) return;
  if (d.width() == IntWidth::int16) {
    run_groups(x, w, geometry, kernels, d.data<int16_t>());
  } else {
    run_groups(x, w, geometry, kernels, d.data<int32_t>());
  }
}

}  // namespace fracbit::ops::bit_product
