#include <algorithm>
#include <string>
#include <vector>

#include "fracbit/framework/kernels/intdot/intdot.h"
#include "fracbit/quantize/deploy/format/checks.h"
#include "fracbit/quantize/deploy/runtime/levels.h"
#include "fracbit/quantize/deploy/runtime/product.h"
#include "fracbit/quantize/deploy/runtime/scratch.h"

namespace fracbit::deploy::runtime {
namespace {

namespace intdot = kernels::intdot;

const intdot::Kernels& find_kernels(std::string_view isa) {
  const intdot::Kernels* found = intdot::find(std::string(isa).c_str());
  return found != nullptr ? *found : *intdot::find("scalar");
}

/// int8 or int16 dot products of integer levels.
class GridProduct : public Product {
 public:
  GridProduct(const Block& block, const Layout& in, std::string_view isa);

  std::string name() const override { return name_; }
  SumType type() const override { return SumType::int32; }
  int64_t scratch_bytes(int64_t lines) const override {
    return 2 * scratch_bytes_of<int64_t>(lines * frame().line_pixels());
  }
  void run(const Part& part) const noexcept override;

 private:
  int64_t blocks() const { return ceil_div(frame().group_filters, kBlock); }
  int64_t per_group() const { return 4 / frame().in.integer_bytes; }
  /// Bytes of the weights of 16 filters.
  int64_t block_bytes() const { return taps_ * run_ * intdot::kBlock; }
  void pack(const std::vector<int32_t>& integers);
  void run_group(const Part& part, int64_t group, intdot::Product& product) const;

  const intdot::Kernels& kernels_;
  void (*integers_)(const intdot::Product&) noexcept;
  std::string name_;
  int64_t taps_, run_;  ///< runs of contiguous groups in a window, groups of each
  std::vector<int64_t> tap_at_;
  std::vector<uint8_t> weights_;  ///< [group][block][taps][run][16] groups
  std::vector<int32_t> terms_;    ///< [group][block][16], what takes the offset of bytes away
};

GridProduct::GridProduct(const Block& block, const Layout& in, std::string_view isa)
    : Product(Frame(block, in)),
      kernels_(find_kernels(isa)),
      integers_(in.integer_bytes == 1 ? kernels_.bytes : kernels_.words),
      name_((in.integer_bytes == 1 ? "int8 dot (" : "int16 dot (") + std::string(kernels_.name) +
            ")") {
  const Frame& f = frame();
  taps_ = f.taps();
  run_ = ceil_div(f.group_channels, per_group());
  for (int64_t t = 0; t < taps_; ++t) {
    tap_at_.push_back(t / f.kernel_width * in.row_bytes() + t % f.kernel_width * in.pixel_bytes());
  }
  weights_.resize(static_cast<size_t>(f.groups * blocks() * block_bytes()));
  terms_.resize(static_cast<size_t>(f.groups * blocks() * kBlock));
  pack(weight_integers(block.weights));
}

void GridProduct::pack(const std::vector<int32_t>& integers) {
  const Frame& f = frame();
  const int32_t* next = integers.data();
  for (int64_t filter = 0; filter < f.filters; ++filter) {
    const int64_t in_group = filter % f.group_filters;
    const int64_t block = filter / f.group_filters * blocks() + in_group / kBlock;
    int32_t sum = 0;
    for (int64_t t = 0; t < taps_; ++t) {
      for (int64_t c = 0; c < f.group_channels; ++c) {
        const int32_t value = *next++;
        sum += value;
        uint8_t* group = weights_.data() + block * block_bytes() +
                         ((t * run_ + c / per_group()) * kBlock + in_group % kBlock) * 4;
        const auto bits = static_cast<uint32_t>(value);
        for (int i = 0; i < f.in.integer_bytes; ++i) {
          group[c % per_group() * f.in.integer_bytes + i] = static_cast<uint8_t>(bits >> (8 * i));
        }
      }
    }
    const int32_t offset = f.in.integer_bytes == 1 ? kByteOffset : 0;
    terms_[static_cast<size_t>(block * kBlock + in_group % kBlock)] = -offset * sum;
  }
}

void GridProduct::run_group(const Part& part, int64_t group, intdot::Product& product) const {
  const Frame& f = frame();
  const int64_t first = group * f.group_filters;
  const int64_t begin = std::max<int64_t>(0, part.begin - first);
  const int64_t end = std::min(f.group_filters, part.end - first);
  if (begin >= end) return;
  const int64_t block = group * blocks() + begin / kBlock;
  product.x = reinterpret_cast<const uint8_t*>(part.in) + part.first * f.stride * f.in.row_bytes() +
              group * f.group_channels * f.in.integer_bytes;
  product.w = weights_.data() + block * block_bytes();
  product.term = terms_.data() + block * kBlock;
  product.term_step = blocks() * kBlock;
  product.lanes = end - begin;
  product.out = static_cast<int32_t*>(part.sums) + first + begin;
  integers_(product);
}

void GridProduct::run(const Part& part) const noexcept {
  const Frame& f = frame();
  const int64_t width = f.line_pixels();
  Scratch scratch(part.scratch);
  auto* windows = scratch.take<int64_t>(part.lines * width);
  auto* places = scratch.take<int64_t>(part.lines * width);
  const int64_t line = f.dense ? f.in.bytes() : f.stride * f.in.row_bytes();
  for (int64_t p = 0; p < part.lines * width; ++p) {
    windows[p] = p / width * line + p % width * f.stride * f.in.pixel_bytes();
    places[p] = p * f.filters;
  }
  intdot::Product product{};
  product.window = windows;
  product.tap = tap_at_.data();
  product.pixels = part.lines * width;
  product.taps = taps_;
  product.run = run_;
  product.factor = 1;
  product.place = places;
  for (int64_t group = 0; group < f.groups; ++group) run_group(part, group, product);
}

}  // namespace

int grid_bytes(const Block& block, const Value& x, std::string_view isa) {
  const Weights& w = block.weights;
  const bool small = x.top <= 127 && largest_level(w.levels, static_cast<size_t>(w.bits)) <= 127;
  return small && find_kernels(isa).fast_bytes ? 1 : 2;
}

std::unique_ptr<const Product> make_grid_product(const Block& block, const Layout& in,
                                                 std::string_view isa) {
  return std::make_unique<GridProduct>(block, in, isa);
}

}  // namespace fracbit::deploy::runtime
