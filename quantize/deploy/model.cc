#include "fracbit/quantize/deploy/model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "fracbit/quantize/deploy/format/checks.h"

namespace fracbit::deploy {
namespace {

constexpr int64_t kMostWork = int64_t{1} << 40;  ///< multiply-accumulates of an image
constexpr int kMostThresholds = 15;
/// Filters times classes of border pixels, of which a product keeps a term each.
constexpr int64_t kMostBorder = int64_t{1} << 24;

void check_value(const Value& value) {
  require_between("a height", value.height, 1, kMostExtent);
  require_between("a width", value.width, 1, kMostExtent);
  require_between("channels", value.channels, 1, kMostExtent);
  if (value.height * value.width > kMostElements / value.channels) {
    throw ConfigError("expects at most " + std::to_string(kMostElements) +
                      " numbers per image, found [" + std::to_string(value.height) + ", " +
                      std::to_string(value.width) + ", " + std::to_string(value.channels) + "]");
  }
}

/// Pixels along an axis that windows of `size` have.
int64_t windows_along(int64_t extent, int64_t size, int64_t stride) {
  require(size <= extent, "a window or kernel that fits into the image");
  return (extent - size) / stride + 1;
}

void check_thresholds(const Block& block, const Value& x) {
  const Thresholds& t = block.thresholds;
  const Output& out = block.output;
  require(block.slope.empty(), "thresholds or a normalisation");
  require(out.form == Form::codes || out.form == Form::signs, "thresholds for codes or signs only");
  const int top = top_of(out.bits);
  require_between("thresholds", t.count, top, std::min(top, kMostThresholds));
  const int64_t filters = block.weights.filters;
  require_count("directions", t.descending, filters);
  require(std::ranges::all_of(t.descending, [](uint8_t d) { return d <= 1; }),
          "directions of 0 or 1");
  const int64_t all = filters * t.count;
  const int64_t integers = is_exact(block, x) ? all : 0;
  const bool two_sided = out.activation == Activation::cabs;
  require_count("integer thresholds", t.above, integers);
  require_count("integer thresholds below", t.below, two_sided ? integers : 0);
  require_count("real thresholds", t.above_real, all - integers);
  require_count("real thresholds below", t.below_real, two_sided ? all - integers : 0);
  const int64_t most = largest_sum(block, x) + 1;
  for (const auto* thresholds : {&t.above, &t.below}) {
    require(std::ranges::all_of(*thresholds, [most](int64_t v) { return -most <= v && v <= most; }),
            "thresholds that sums can reach");
  }
  for (const auto* reals : {&t.above_real, &t.below_real}) {
    require(std::ranges::none_of(*reals, [](float v) { return std::isnan(v); }),
            "numbers as thresholds");
  }
}

void check_norm(const Block& block, const Value& x) {
  const int64_t filters = block.weights.filters;
  const bool exact = is_exact(block, x);
  if (!block.bias.empty()) {
    require(block.weights.coding == Coding::float32 || x.form == Form::floats,
            "a bias of float products only");
    require_count("biases", block.bias, filters);
    require_finite("biases", block.bias);
  }
  require(!exact || block.weights.scales.empty(), "scales of exact sums in the normalisation");
  if (block.thresholds.count != 0) return check_thresholds(block, x);
  require(block.thresholds == Thresholds{}, "no thresholds");
  require_count("offsets", block.offset, static_cast<int64_t>(block.slope.size()));
  if (!block.slope.empty()) require_count("slopes", block.slope, filters);
  require_finite("slopes", block.slope);
  require_finite("offsets", block.offset);
}

/// The codings that a form can be multiplied with, and that sums stay in int32.
void check_product(const Block& block, const Value& x) {
  const Coding coding = block.weights.coding;
  if (x.form == Form::floats) return;
  if (coding == Coding::float32) return require(x.form != Form::grid, "weights on a grid");
  require((coding == Coding::grid) == (x.form == Form::grid), "a grid on both sides or on none");
  const int64_t length = block.weights.filter_size();
  // On the way, mul q and add of an affine code are apart.
  const int64_t most_x = std::max<int32_t>(1, x.top);
  const int64_t most_w = coding == Coding::codes ? 3 * int64_t{top_of(block.weights.bits)}
                         : coding == Coding::grid
                             ? std::max(1, largest_level(block.weights.levels,
                                                         static_cast<size_t>(block.weights.bits)))
                             : 1;
  require(length <= std::numeric_limits<int32_t>::max() / (2 * most_x * most_w),
          "sums that fit 32 bits");
}

/// Pixels whose windows have different taps inside the image.
int64_t border_classes(int64_t outputs, int64_t kernel, const Block& block) {
  if (block.padding_begin == 0 && block.padding_end == 0) return 1;
  return std::min(outputs, 2 * kernel + 1);
}

Value after(const Block& block, const Value& x, int64_t& work) {
  const Weights& w = block.weights;
  check_weights(w);
  require_between("a stride", block.stride, 1, kMostKernel);
  require_between("groups", block.groups, 1, kMostExtent);
  require_between("padding", block.padding_begin, 0, w.kernel_height + w.kernel_width);
  require_between("padding", block.padding_end, 0, w.kernel_height + w.kernel_width);
  require(w.filters % block.groups == 0 && w.channels * block.groups == x.channels,
          "channels and filters in equal groups");
  const int64_t padding = block.padding_begin + block.padding_end;
  Value y = x;
  y.height = windows_along(x.height + padding, w.kernel_height, block.stride);
  y.width = windows_along(x.width + padding, w.kernel_width, block.stride);
  y.channels = w.filters;
  check_value(y);
  require(y.height * y.width <= (kMostWork - work) / w.size(), "less work per image");
  work += y.height * y.width * w.size();
  require(border_classes(y.height, w.kernel_height, block) *
                  border_classes(y.width, w.kernel_width, block) <=
              kMostBorder / w.filters,
          "a smaller kernel");
  check_product(block, x);
  check_norm(block, x);
  const Window& window = block.window;
  if (window.size != 0) {
    require_between("a window", window.size, 1, kMostKernel);
    require_between("a stride", window.stride, 1, kMostKernel);
    y.height = windows_along(y.height, window.size, window.stride);
    y.width = windows_along(y.width, window.size, window.stride);
  } else {
    require(window == Window{}, "no window");
  }
  apply_output(block.output, y);
  return y;
}

void require_floats(const Value& x) {
  require(x.form == Form::floats, "floats as input");
}

Value after(const Pool& pool, const Value& x, int64_t&) {
  require_floats(x);
  require_between("a window", pool.size, 1, kMostKernel);
  require_between("a stride", pool.stride, 1, kMostKernel);
  require_between("padding", pool.padding_begin, 0, pool.size - 1);
  require_between("padding", pool.padding_end, 0, pool.size - 1);
  const int64_t padding = pool.padding_begin + pool.padding_end;
  Value y = x;
  y.height = windows_along(x.height + padding, pool.size, pool.stride);
  y.width = windows_along(x.width + padding, pool.size, pool.stride);
  require(y.size() <= kMostWork / pool.size / pool.size, "less work per image");
  return y;
}

Value after(const GlobalMean&, const Value& x, int64_t&) {
  require_floats(x);
  Value y = x;
  y.height = y.width = 1;
  return y;
}

Value after(const Scale& scale, const Value& x, int64_t&) {
  require_floats(x);
  require_finite("a factor", std::span(&scale.factor, 1));
  return x;
}

Value after(const Normalize& normalize, const Value& x, int64_t&) {
  require_floats(x);
  for (const auto* values : {&normalize.mean, &normalize.slope, &normalize.offset}) {
    require_count("numbers per channel", *values, x.channels);
    require_finite("normalisation", *values);
  }
  return x;
}

Value after(const Quantize& quantize, const Value& x, int64_t&) {
  require_floats(x);
  Value y = x;
  apply_output(quantize.output, y);
  return y;
}

void check_metadata(const Model& model) {
  constexpr size_t kMostText = 1 << 16;
  require(model.metadata.size() < kMostText, "fewer metadata");
  std::unordered_set<std::string> keys;
  for (const auto& [key, text] : model.metadata) {
    require(!key.empty() && keys.insert(key).second, "metadata under different keys");
    require(key.size() < kMostText && text.size() < kMostText, "shorter metadata");
  }
}

}  // namespace

bool is_exact(const Block& block, const Value& x) {
  const Coding coding = block.weights.coding;
  if (x.form == Form::grid) return coding == Coding::grid;
  return (x.form == Form::codes || x.form == Form::signs) && coding == Coding::codes;
}

int64_t largest_sum(const Block& block, const Value& x) {
  if (!is_exact(block, x)) return 0;
  const Weights& w = block.weights;
  const int64_t top = w.coding == Coding::codes
                          ? top_of(w.bits)
                          : largest_level(w.levels, static_cast<size_t>(w.bits));
  return std::max<int64_t>(1, w.filter_size() * top * x.top);
}

const char* op_name(const Op& op) {
  static constexpr const char* kNames[] = {"block", "pool",      "global mean",
                                           "scale", "normalize", "quantize"};
  return kNames[op.index()];
}

Tracer::Tracer(const Model& model) {
  value_.height = model.height;
  value_.width = model.width;
  value_.channels = model.channels;
  check_value(value_);
  check_metadata(model);
}

void Tracer::add(const Op& op) {
  value_ = std::visit([&](const auto& one) { return after(one, value_, work_); }, op);
  check_value(value_);
}

void Tracer::finish() const {
  require(value_.form == Form::floats, "floats as scores");
}

std::vector<Value> trace(const Model& model) {
  Tracer tracer(model);
  require_between("ops", static_cast<int64_t>(model.ops.size()), 1, kMostOps);
  std::vector<Value> values{tracer.value()};
  for (size_t i = 0; i < model.ops.size(); ++i) {
    const Op& op = model.ops[i];
    try {
      tracer.add(op);
    } catch (const ConfigError& error) {
      throw ConfigError("op " + std::to_string(i) + " (" + op_name(op) + ") " + error.what());
    }
    values.push_back(tracer.value());
  }
  tracer.finish();
  return values;
}

}  // namespace fracbit::deploy
