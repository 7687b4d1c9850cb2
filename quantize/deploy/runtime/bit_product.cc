#include <algorithm>
#include <vector>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/ops/bit_product/plan.h"
#include "fracbit/quantize/deploy/runtime/bit_filters.h"
#include "fracbit/quantize/deploy/runtime/bit_inputs.h"
#include "fracbit/quantize/deploy/runtime/product.h"
#include "fracbit/quantize/deploy/runtime/scratch.h"
#include "fracbit/quantize/deploy/runtime/term_scales.h"

namespace fracbit::deploy::runtime {
namespace {

namespace bitgemm = kernels::bitgemm;
using ops::bit_product::Op;
using ops::bit_product::Operand;
using ops::bit_product::Plan;
using ops::bit_product::Step;

Operand operand_of(const Value& x) {
  Operand operand;
  operand.planes = Layout{x}.planes();
  if (x.form == Form::codes) {
    operand.code_planes = x.bits;
    return operand;
  }
  operand.terms.push_back({0, -1});
  for (int n = 1; x.form == Form::residual && n < x.bits; ++n) {
    operand.terms.push_back({2 * n - 1, 2 * n});
  }
  return operand;
}

std::string describe(const Value& x, const Weights& w) {
  const bool x_terms = x.form == Form::residual;
  const bool w_terms = w.coding == Coding::residual;
  const std::string widths = std::to_string(w.bits) + "x" + std::to_string(x.bits);
  if (x_terms && w_terms) return "residual " + widths;
  if (x_terms || w_terms) return (x_terms ? "codes by residual " : "residual by codes ") + widths;
  return (x.form == Form::signs && w.bits == 1 ? "signs " : "codes ") + widths;
}

class BitProduct : public Product {
 public:
  /// Cold, since it runs once per model: compiled for size.
  [[gnu::cold]] BitProduct(const Block& block, const Layout& in, std::string_view isa)
      : Product(Frame(block, in)),
        kernels_(bit_kernels(isa)),
        name_(describe(in.value, block.weights) + " popcount (" + kernels_.name + ")"),
        filters_(block.weights, frame()),
        plan_(ops::bit_product::make_plan(operand_of(in.value), filters_.operand())),
        border_(border_of(frame())),
        inputs_(frame()),
        exact_(is_exact(block, in.value)),
        narrow_(exact_ && is_narrow(largest_sum(block, in.value))),
        scales_(block.weights, in.value, plan_.w_terms, plan_.x_terms) {
    for (const Step& step : plan_.steps) {
      filter_terms_.push_back(filters_.terms(step, border_));
    }
  }

  std::string name() const override { return name_; }
  SumType type() const override {
    return !exact_ ? SumType::real : narrow_ ? SumType::int16 : SumType::int32;
  }
  int64_t scratch_bytes(int64_t lines) const override {
    const int64_t count = lines * frame().line_pixels();
    const auto steps = static_cast<int64_t>(plan_.steps.size());
    return inputs_.scratch_bytes(lines) + scratch_bytes_of<int32_t>(count) +
           scratch_bytes_of<int32_t>(count * steps) +
           scratch_bytes_of<int32_t>(exact_ ? 0 : count * kBlock * scales_.products());
  }
  void run(const Part& part) const noexcept override;

 private:
  /// Arrays that belong to one part.
  struct Arrays {
    int64_t pixels;
    int32_t* classes;      ///< where the filter terms of each pixel's border class start
    int32_t* pixel_terms;  ///< [steps][pixels]
    int32_t* sums;         ///< [terms][pixels][kBlock], unless the product is exact
  };

  void blocks(const Part& part, int64_t group, const BitInputs::View& x,
              const Arrays& arrays) const;
  /// Where the sums of filters [filter, filter + count) go.
  bitgemm::Output output(const Part& part, int64_t filter, int64_t count,
                         const Arrays& arrays) const;
  void sum_block(int64_t block, const BitInputs::View& x, const Arrays& arrays,
                 const bitgemm::Output& output) const;

  const bitgemm::Kernels& kernels_;
  std::string name_;
  BitFilters filters_;
  Plan plan_;
  Border border_;
  BitInputs inputs_;
  bool exact_;
  bool narrow_;
  TermScales scales_;
  std::vector<std::vector<int32_t>> filter_terms_;  ///< of each step
};

bitgemm::Output BitProduct::output(const Part& part, int64_t filter, int64_t count,
                                   const Arrays& arrays) const {
  bitgemm::Output output{};
  output.pixel_class = arrays.classes;
  output.filters = static_cast<int>(count);
  output.narrow = narrow_;
  output.out_step = exact_ ? frame().filters : kBlock;
  if (!exact_) {
    output.out = arrays.sums;
  } else if (narrow_) {
    output.out = static_cast<int16_t*>(part.sums) + filter;
  } else {
    output.out = static_cast<int32_t*>(part.sums) + filter;
  }
  return output;
}

void BitProduct::sum_block(int64_t block, const BitInputs::View& x, const Arrays& arrays,
                           const bitgemm::Output& output) const {
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    const std::vector<int32_t>& filter_term = filter_terms_[i];
    bitgemm::Product product{};
    static_cast<bitgemm::Output&>(product) = output;
    product.x = x.words + step.x_plane * inputs_.plane_words();
    product.x_plane = inputs_.plane_words();
    product.window = x.windows;
    product.tap = inputs_.taps();
    product.pixels = arrays.pixels;
    product.k = filters_.words();
    product.w = filters_.block(0, block) + step.w_plane * filters_.plane_size();
    product.w_plane = filters_.plane_size();
    product.x_planes = step.x_planes;
    product.w_planes = step.w_planes;
    product.factor = step.factor;
    product.add = step.add;
    product.pixel_term =
        step.pixel.empty() ? nullptr : arrays.pixel_terms + static_cast<int64_t>(i) * arrays.pixels;
    product.filter_term =
        filter_term.empty() ? nullptr : filter_term.data() + block * border_.classes() * kBlock;
    if (!exact_) product.out = arrays.sums + step.sum * arrays.pixels * kBlock;
    kernel_of(step.op, kernels_)(product);
  }
}

void BitProduct::blocks(const Part& part, int64_t group, const BitInputs::View& x,
                        const Arrays& arrays) const {
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    if (plan_.steps[i].pixel.empty()) continue;
    inputs_.sum_windows(x, part.lines, plan_.steps[i].pixel,
                        arrays.pixel_terms + static_cast<int64_t>(i) * arrays.pixels);
  }
  for (int64_t b = 0; b < filters_.blocks_per_group(); ++b) {
    const int64_t filter = group * frame().group_filters + b * kBlock;
    if (filter < part.begin || filter >= part.end) continue;
    const int64_t count = std::min(kBlock, frame().group_filters - b * kBlock);
    sum_block(group * filters_.blocks_per_group() + b, x, arrays,
              output(part, filter, count, arrays));
    if (exact_) continue;
    scales_.combine(kernels_, arrays.sums, arrays.pixels, filter, count,
                    static_cast<float*>(part.sums));
  }
}

void BitProduct::run(const Part& part) const noexcept {
  Scratch scratch(part.scratch + inputs_.scratch_bytes(part.lines));
  Arrays arrays{};
  arrays.pixels = part.lines * frame().line_pixels();
  arrays.classes = scratch.take<int32_t>(arrays.pixels);
  arrays.pixel_terms =
      scratch.take<int32_t>(arrays.pixels * static_cast<int64_t>(plan_.steps.size()));
  if (!exact_) arrays.sums = scratch.take<int32_t>(arrays.pixels * kBlock * scales_.products());
  set_classes(frame(), border_, part, arrays.classes);
  for (int64_t group = 0; group < frame().groups; ++group) {
    blocks(part, group, inputs_.load(part, group), arrays);
  }
}

}  // namespace

std::unique_ptr<const Product> make_bit_product(const Block& block, const Layout& in,
                                                std::string_view isa) {
  return std::make_unique<BitProduct>(block, in, isa);
}

}  // namespace fracbit::deploy::runtime
