#include "deploy/random_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fracbit/quantize/deploy/fold.h"
#include "fracbit/quantize/deploy/format/checks.h"

namespace fracbit::deploy::testing {

void ModelDraw::masks(Weights& w, std::vector<uint8_t>& widths) {
  const bool all = below(4) == 0;
  std::vector<uint8_t> of_unit;
  for (int64_t i = 0; i < w.size() + 64; ++i) {
    of_unit.push_back(static_cast<uint8_t>(all ? w.bits : between(1, w.bits)));
  }
  const int64_t words = w.words_per_plane();
  for (int64_t i = 0; i < w.size(); ++i) {
    const int64_t filter = i / w.filter_size();
    const int64_t tap = i / w.channels % w.taps();
    const int64_t word = i % w.channels / 64;
    const int64_t unit = w.unit == MaskUnit::element ? i
                         : w.unit == MaskUnit::filter
                             ? filter
                             : (filter / 16 * w.taps() + tap) * words + word;
    widths.push_back(of_unit[static_cast<size_t>(unit)]);
  }
}

void ModelDraw::planes(Weights& w) {
  std::vector<uint8_t> widths;
  if (w.coding != Coding::codes) masks(w, widths);
  w.words.resize(static_cast<size_t>(w.filters * w.taps() * w.words_per_row()));
  const int64_t words = w.words_per_plane();
  for (int64_t i = 0; i < w.size(); ++i) {
    const int64_t c = i % w.channels;
    uint64_t* row = w.words.data() + i / w.channels * w.words_per_row() + c / 64;
    for (int p = 0; p < w.bits; ++p) {
      const uint64_t bit = static_cast<uint64_t>(below(2)) << (c % 64);
      if (w.coding == Coding::codes) {
        row[p * words] |= bit;
      } else if (widths[static_cast<size_t>(i)] > p) {
        row[2 * p * words] |= bit;
        row[(2 * p + 1) * words] |= uint64_t{1} << (c % 64);
      }
    }
  }
}

Weights ModelDraw::weights(Coding coding, int64_t filters, int64_t kernel, int64_t channels) {
  Weights w;
  w.filters = filters;
  w.kernel_height = w.kernel_width = kernel;
  w.channels = channels;
  w.coding = coding;
  if (coding == Coding::float32) {
    for (int64_t i = 0; i < w.size(); ++i) w.values.push_back(static_cast<float>(between(-4, 4)));
    return w;
  }
  w.bits = static_cast<int>(coding == Coding::codes ? between(1, flip() ? 2 : 8) : between(1, 3));
  if (coding != Coding::codes) w.unit = static_cast<MaskUnit>(below(3));
  planes(w);
  const int64_t groups = flip() ? 1 : filters;
  for (int64_t i = 0; coding == Coding::residual && i < groups * w.bits; ++i) {
    w.scales.push_back(dyadic());
  }
  for (int64_t i = 0; coding == Coding::grid && i < groups * w.bits; ++i) {
    w.levels.push_back(static_cast<int16_t>(between(0, flip() ? 42 : 170)));
  }
  return w;
}

void ModelDraw::geometry(const Value& x, Block& block, int64_t& kernel) {
  const int64_t smallest = std::min(x.height, x.width);
  if (x.height == x.width && below(3) == 0) {  // dense
    kernel = smallest;
    return;
  }
  kernel = between(1, std::min<int64_t>(3, smallest));
  block.stride = between(1, 2);
  block.padding_begin = between(0, kernel - 1);
  block.padding_end = between(0, kernel - 1);
  for (const int64_t groups : {2, 3, 5}) {
    if (x.channels % groups == 0 && below(4) == 0) block.groups = groups;
  }
}

Coding ModelDraw::coding(const Value& x) {
  switch (x.form) {
    case Form::floats:
      return static_cast<Coding>(below(4));
    case Form::grid:
      return Coding::grid;
    case Form::codes:  // thirds of a code do not add up exactly
      return x.bits > 1 ? static_cast<Coding>(between(1, 2)) : static_cast<Coding>(below(3));
    default:
      return static_cast<Coding>(below(3));
  }
}

Output ModelDraw::output(bool last, int64_t channels) {
  Output out;
  if (last) {
    out.activation = static_cast<Activation>(below(5));
    return out;
  }
  out.form = static_cast<Form>(between(1, 4));
  if (out.form == Form::codes) {
    out.activation = flip() ? Activation::clip01 : Activation::cabs;
    out.bits = static_cast<int>(between(1, flip() ? 4 : 8));
    return out;
  }
  out.bits = out.form == Form::signs ? 1 : static_cast<int>(between(1, 3));
  if (out.form == Form::signs && flip()) return out;
  out.key = static_cast<Key>(below(3));
  const float lowest = out.key == Key::top_down ? -2.0F : 0.0F;
  for (int n = 0; n < out.bits; ++n) {
    out.scales.push_back(dyadic());
    if (n > 0) out.cuts.push_back(lowest + dyadic());
    if (out.form == Form::grid) out.levels.push_back(static_cast<int16_t>(between(0, 42)));
  }
  if (!out.cuts.empty() && below(4) == 0) {
    out.cuts[0] = -std::numeric_limits<float>::infinity();
  }
  std::ranges::sort(out.cuts);
  if (out.form != Form::signs && below(3) == 0) {
    out.key = Key::channel;
    out.cuts.clear();
    for (int64_t c = 0; c < channels; ++c) {
      out.widths.push_back(static_cast<uint8_t>(between(1, out.bits)));
    }
  }
  return out;
}

void ModelDraw::norm(const Value& x, Block& block) {
  const Weights& w = block.weights;
  if (below(6) == 0) return;
  const auto deviation =
      std::sqrt(static_cast<float>(w.filter_size())) * static_cast<float>(std::max(1, x.top));
  for (int64_t f = 0; f < w.filters; ++f) {
    block.slope.push_back(below(8) == 0 ? 0.0F : normal() / deviation);
    block.offset.push_back(normal());
  }
  if (!folds(block.output) || flip()) return;
  block.thresholds = fold(block.output, block.slope, block.offset, largest_sum(block, x));
  block.slope.clear();
  block.offset.clear();
}

Block ModelDraw::block(const Value& x, bool last) {
  Block block;
  int64_t kernel = 1;
  geometry(x, block, kernel);
  static constexpr int64_t kFilters[] = {1, 3, 16, 40, 64, 70};
  const int64_t filters = kFilters[below(6)] * block.groups;
  block.weights = weights(coding(x), filters, kernel, x.channels / block.groups);
  if (x.form == Form::floats && block.weights.scales.empty() &&
      block.weights.coding != Coding::float32 && flip()) {
    const int64_t groups = flip() ? 1 : filters;
    for (int64_t f = 0; f < groups; ++f) {
      block.weights.scales.push_back(flip() ? 0.5F : 2.0F);
    }
  }
  if (block.weights.coding == Coding::float32 && flip()) {
    for (int64_t f = 0; f < filters; ++f) block.bias.push_back(static_cast<float>(between(-9, 9)));
  }
  const int64_t height =
      (x.height + block.padding_begin + block.padding_end - kernel) / block.stride + 1;
  const int64_t width =
      (x.width + block.padding_begin + block.padding_end - kernel) / block.stride + 1;
  if (std::min(height, width) >= 3 && flip()) {
    block.window = {between(1, 3), between(1, 3), flip()};
    if (flip()) block.window.size = block.window.stride = 2;
  }
  block.output = output(last, filters);
  norm(x, block);
  return block;
}

/// Calls add() with an op on floats whose arithmetic is the same everywhere.
template <typename Add>
void ModelDraw::add_float_op(const Value& x, const Add& add) {
  switch (below(4)) {
    case 0: {
      const int64_t size = between(1, std::min<int64_t>(3, std::min(x.height, x.width)));
      return add(Pool{flip(), size, between(1, 2), between(0, size - 1), between(0, size - 1)});
    }
    case 1:
      return add(Scale{normal()});
    case 2: {
      Normalize n;
      for (auto* values : {&n.mean, &n.slope, &n.offset}) {
        for (int64_t c = 0; c < x.channels; ++c) values->push_back(normal());
      }
      return add(n);
    }
    default:
      if (x.height * x.width < 2) return add(GlobalMean{});
  }
}

Model ModelDraw::model() {
  static constexpr int64_t kChannels[] = {1, 2, 3, 15, 64, 65, 100};
  Model model;
  model.height = between(1, 9);
  model.width = flip() ? model.height : between(1, 9);
  model.channels = kChannels[below(7)];
  if (flip()) model.metadata = {{"model", "drawn"}, {"empty", ""}};
  Tracer tracer(model);
  const auto add = [&](const Op& op) {
    model.ops.push_back(op);
    tracer.add(op);
  };
  if (below(3) == 0) add(Quantize{output(false, tracer.value().channels)});
  const int64_t blocks = between(1, 3);
  for (int64_t i = 0; i < blocks; ++i) {
    const bool last = i + 1 == blocks;
    add(block(tracer.value(), last));
    const Value& x = tracer.value();
    if (x.form != Form::floats) continue;
    if (!last) add(Quantize{output(false, tracer.value().channels)});
    if (last && flip()) add_float_op(x, add);
  }
  return model;
}

std::vector<float> ModelDraw::images(const Model& model, int64_t count) {
  std::vector<float> pixels;
  for (int64_t i = 0; i < count * model.height * model.width * model.channels; ++i) {
    pixels.push_back(static_cast<float>(between(-16, 16)) / 4);
  }
  return pixels;
}

}  // namespace fracbit::deploy::testing
