#include <algorithm>
#include <string>
#include <vector>

#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/quantize/deploy/runtime/levels.h"
#include "fracbit/quantize/deploy/runtime/product.h"
#include "fracbit/quantize/deploy/runtime/scratch.h"

namespace fracbit::deploy::runtime {
namespace {

namespace tile = kernels::tile;

/// Every sum is taken in the order of the taps, and within a tap of the channels, as in
/// ops::conv2d_forward: the same bits on the same instruction set.
class FloatProduct : public Product {
 public:
  /// Cold, since it runs once per model: compiled for size.
  [[gnu::cold]] FloatProduct(const Block& block, const Layout& in, std::string_view isa);

  std::string name() const override { return name_; }
  SumType type() const override { return SumType::real; }
  int64_t scratch_bytes(int64_t lines) const override {
    const int64_t tiles = ceil_div(lines * frame().line_pixels(), kernels_.rows);
    return scratch_bytes_of<float>(copied_pixels(lines) * frame().in.value.channels) +
           scratch_bytes_of<const float*>(tiles * kernels_.rows * (taps_ + 1));
  }
  void run(const Part& part) const noexcept override;

 private:
  /// What a part's pixels read: rows of floats, and per tile of pixels the pointers of their taps.
  struct Inputs {
    const float* data;
    int64_t line;   ///< from a line to the next
    int64_t pixel;  ///< from an output pixel to the next
  };

  /// Whether the input must be copied: to have a border, or to become floats.
  bool copies() const {
    return frame().in.value.form != Form::floats || frame().padding_begin + frame().padding_end > 0;
  }
  int64_t copied_width() const {
    return frame().in.value.width + frame().padding_begin + frame().padding_end;
  }
  int64_t copied_pixels(int64_t lines) const {
    if (!copies()) return 0;
    return (frame().dense ? lines * frame().kernel_height : frame().input_rows(lines)) *
           copied_width();
  }
  int64_t panels_per_group() const { return ceil_div(frame().group_filters, kernels_.columns); }
  int64_t panel_width(int64_t used) const {
    return used <= kernels_.narrow_columns() ? kernels_.narrow_columns() : kernels_.columns;
  }
  void load_pixels(const std::byte* from, int64_t pixels, float* to) const;
  Inputs copy(const Part& part, float* to) const;
  void enter_taps(const Part& part, const Inputs& inputs, int64_t group, const float** taps) const;
  void run_panel(const Part& part, const float* const* taps, int64_t group, int64_t p) const;

  const tile::Kernels& kernels_;
  std::string name_;
  int64_t taps_;    ///< runs of contiguous floats of a window
  int64_t length_;  ///< of each run
  std::vector<int64_t> tap_at_;
  std::vector<float> panels_;  ///< [group][panel], each as long as a whole one
  std::vector<float> start_;   ///< [group][panel][columns], the biases
};

FloatProduct::FloatProduct(const Block& block, const Layout& in, std::string_view isa)
    : Product(Frame(block, in)), kernels_(tile::find(std::string(isa).c_str())) {
  const Frame& f = frame();
  name_ = "float (" + std::string(isa.starts_with("avx512") ? "avx512" : isa) + ")";
  if (block.weights.coding != Coding::float32 || in.value.form != Form::floats) {
    name_ = "float on values" + name_.substr(5);
  }
  const int64_t row = copied_width() * in.value.channels;
  if (f.dense) {
    taps_ = 1;
    length_ = f.filter_size();
    tap_at_ = {0};
  } else {
    // Channels of a pixel follow each other, so a row of taps is one run if there is one group.
    const bool merged = f.groups == 1;
    taps_ = merged ? f.kernel_height : f.taps();
    length_ = merged ? f.kernel_width * f.group_channels : f.group_channels;
    for (int64_t u = 0; u < f.kernel_height; ++u) {
      for (int64_t v = 0; v < (merged ? 1 : f.kernel_width); ++v) {
        tap_at_.push_back(u * row + v * in.value.channels);
      }
    }
  }
  const std::vector<float> values = weight_values(block.weights);
  const int64_t depth = f.filter_size();
  const int64_t columns = kernels_.columns;
  panels_.resize(static_cast<size_t>(f.groups * panels_per_group() * columns * depth));
  start_.resize(static_cast<size_t>(f.groups * panels_per_group() * columns));
  for (int64_t g = 0; g < f.groups; ++g) {
    for (int64_t p = 0; p < panels_per_group(); ++p) {
      const int64_t used = std::min(columns, f.group_filters - p * columns);
      const int64_t filter = g * f.group_filters + p * columns;
      const int64_t panel = g * panels_per_group() + p;
      kernels_.pack(values.data() + filter * depth, depth, used, depth, panel_width(used),
                    panels_.data() + panel * columns * depth);
      if (block.bias.empty()) continue;
      std::copy_n(block.bias.data() + filter, used, start_.data() + panel * columns);
    }
  }
}

void FloatProduct::load_pixels(const std::byte* from, int64_t pixels, float* to) const {
  if (frame().in.value.form == Form::floats) {
    std::copy_n(reinterpret_cast<const float*>(from), pixels * frame().in.value.channels, to);
  } else {
    decode_values(frame().in, from, pixels, to);
  }
}

FloatProduct::Inputs FloatProduct::copy(const Part& part, float* to) const {
  const Frame& f = frame();
  const int64_t channels = f.in.value.channels;
  const int64_t row = copied_width() * channels;
  const Inputs inputs{to, f.dense ? f.kernel_height * row : f.stride * row, f.stride * channels};
  if (f.dense) {
    for (int64_t image = 0; image < part.lines; ++image, to += inputs.line) {
      load_pixels(part.in + image * f.in.bytes(), f.taps(), to);
    }
    return inputs;
  }
  const int64_t first = part.first * f.stride - f.padding_begin;
  for (int64_t y = first; y < first + f.input_rows(part.lines); ++y, to += row) {
    if (y < 0 || y >= f.in.value.height) {
      std::fill_n(to, row, 0.0F);
      continue;
    }
    std::fill_n(to, f.padding_begin * channels, 0.0F);
    load_pixels(part.in + y * f.in.row_bytes(), f.in.value.width, to + f.padding_begin * channels);
    std::fill_n(to + row - f.padding_end * channels, f.padding_end * channels, 0.0F);
  }
  return inputs;
}

/// The last pixel is repeated to fill the last tile.
void FloatProduct::enter_taps(const Part& part, const Inputs& inputs, int64_t group,
                              const float** taps) const {
  const int64_t width = frame().line_pixels();
  const int64_t pixels = part.lines * width;
  for (int64_t first = 0; first < pixels; first += kernels_.rows) {
    for (int64_t m = 0; m < kernels_.rows; ++m) {
      const int64_t p = std::min(first + m, pixels - 1);
      const float* window = inputs.data + p / width * inputs.line + p % width * inputs.pixel +
                            group * frame().group_channels;
      for (int64_t t = 0; t < taps_; ++t) {
        taps[t * kernels_.rows + m] = window + tap_at_[static_cast<size_t>(t)];
      }
    }
    taps += taps_ * kernels_.rows;
  }
}

void FloatProduct::run_panel(const Part& part, const float* const* taps, int64_t group,
                             int64_t p) const {
  const Frame& f = frame();
  const int64_t columns = kernels_.columns;
  const int64_t panel = group * panels_per_group() + p;
  const int64_t used = std::min(columns, f.group_filters - p * columns);
  const int64_t width = panel_width(used);
  const auto product = width == columns ? kernels_.product : kernels_.product_narrow;
  const float* weights = panels_.data() + panel * columns * f.filter_size();
  const float* starts[tile::kMaxRows];
  std::fill_n(starts, kernels_.rows, start_.data() + panel * columns);
  float* results[tile::kMaxRows];
  float spare[tile::kMaxRows * tile::kMaxColumns];
  auto* sums = static_cast<float*>(part.sums) + group * f.group_filters + p * columns;
  const int64_t pixels = part.lines * f.line_pixels();
  for (int64_t first = 0; first < pixels; first += kernels_.rows, taps += taps_ * kernels_.rows) {
    for (int64_t m = 0; m < kernels_.rows; ++m) {
      const int64_t pixel = std::min(first + m, pixels - 1);
      results[m] = used == width ? sums + pixel * f.filters : spare + m * width;
    }
    product(taps, taps_, length_, weights, starts, results);
    if (used == width) continue;
    for (int64_t m = 0; m < std::min(kernels_.rows, pixels - first); ++m) {
      std::copy_n(spare + m * width, used, sums + (first + m) * f.filters);
    }
  }
}

void FloatProduct::run(const Part& part) const noexcept {
  const Frame& f = frame();
  Scratch scratch(part.scratch);
  float* copied = scratch.take<float>(copied_pixels(part.lines) * f.in.value.channels);
  const int64_t tiles = ceil_div(part.lines * f.line_pixels(), kernels_.rows);
  const auto** taps = scratch.take<const float*>(tiles * kernels_.rows * taps_);
  Inputs inputs;
  if (copies()) {
    inputs = copy(part, copied);
  } else {
    const int64_t row = f.in.row_bytes() / 4;
    inputs = {reinterpret_cast<const float*>(part.in) + part.first * f.stride * row,
              f.dense ? f.in.bytes() / 4 : f.stride * row, f.stride * f.in.value.channels};
  }
  for (int64_t group = 0; group < f.groups; ++group) {
    enter_taps(part, inputs, group, taps);
    for (int64_t p = 0; p < panels_per_group(); ++p) {
      const int64_t filter = group * f.group_filters + p * kernels_.columns;
      if (part.begin <= filter && filter < part.end) run_panel(part, taps, group, p);
    }
  }
}

}  // namespace

std::unique_ptr<const Product> make_float_product(const Block& block, const Layout& in,
                                                  std::string_view isa) {
  return std::make_unique<FloatProduct>(block, in, isa);
}

}  // namespace fracbit::deploy::runtime
