#include "deploy/reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "fracbit/quantize/round.h"

namespace fracbit::deploy::reference {
namespace {

/// An element of an activation: a real, an integer, or a sign (0 outside its mask) of each term.
struct Element {
  float real = 0;
  int32_t integer = 0;
  std::array<int32_t, 8> signs{};
};

struct Image {
  Value value;
  std::vector<Element> elements;

  const Element& at(int64_t i, int64_t j, int64_t c) const {
    return elements[static_cast<size_t>((i * value.width + j) * value.channels + c)];
  }
};

bool plane_bit(const Weights& w, int64_t filter, int64_t tap, int plane, int64_t c) {
  return (w.row(filter, tap)[plane * w.words_per_plane() + c / 64] >> (c % 64) & 1u) != 0;
}

/// A weight in the same terms.
Element weight(const Weights& w, int64_t filter, int64_t tap, int64_t c) {
  Element e;
  if (w.coding == Coding::float32) {
    e.real = w.values[static_cast<size_t>((filter * w.taps() + tap) * w.channels + c)];
    return e;
  }
  if (w.coding == Coding::codes) {
    int32_t code = 0;
    for (int p = 0; p < w.bits; ++p) code += plane_bit(w, filter, tap, p, c) ? 1 << p : 0;
    e.integer = 2 * code - quantize::top_code(w.bits);
    e.signs[0] = e.integer;
    return e;
  }
  for (int n = 0; n < w.bits; ++n) {
    if (!plane_bit(w, filter, tap, 2 * n + 1, c)) continue;
    const int32_t sign = plane_bit(w, filter, tap, 2 * n, c) ? 1 : -1;
    e.signs[static_cast<size_t>(n)] = sign;
    const auto terms = static_cast<size_t>(w.bits);
    const auto at = [&](size_t size) {
      return (size == terms ? 0 : static_cast<size_t>(filter) * terms) + static_cast<size_t>(n);
    };
    if (w.coding == Coding::grid) e.integer += sign * w.levels[at(w.levels.size())];
    if (w.coding == Coding::residual) {
      e.real += static_cast<float>(sign) * w.scales[at(w.scales.size())];
    }
  }
  return e;
}

/// Sums over the window of output pixel (i, j): body(weight, input).
template <typename Body>
void visit(const Block& block, const Image& x, int64_t filter, int64_t i, int64_t j,
           const Body& body) {
  const Weights& w = block.weights;
  const int64_t group = filter / (w.filters / block.groups);
  for (int64_t tap = 0; tap < w.taps(); ++tap) {
    const int64_t row = i * block.stride - block.padding_begin + tap / w.kernel_width;
    const int64_t column = j * block.stride - block.padding_begin + tap % w.kernel_width;
    if (row < 0 || row >= x.value.height || column < 0 || column >= x.value.width) continue;
    for (int64_t c = 0; c < w.channels; ++c) {
      body(weight(w, filter, tap, c), x.at(row, column, group * w.channels + c));
    }
  }
}

float scale_of(const std::vector<float>& scales, int64_t filter, size_t n, size_t terms) {
  if (scales.empty()) return 1;
  return scales[scales.size() == terms ? n : static_cast<size_t>(filter) * terms + n];
}

/// The sum of an output as a float. `exact` becomes the integer where there is one.
float product(const Block& block, const Image& x, int64_t filter, int64_t i, int64_t j) {
  const Weights& w = block.weights;
  if (is_exact(block, x.value)) {
    int64_t sum = 0;
    visit(block, x, filter, i, j,
          [&](const Element& a, const Element& b) { sum += int64_t{a.integer} * b.integer; });
    return static_cast<float>(sum);
  }
  if (w.coding == Coding::float32 || x.value.form == Form::floats) {
    double sum =
        block.bias.empty() ? 0 : static_cast<double>(block.bias[static_cast<size_t>(filter)]);
    const bool real_weights = w.coding == Coding::float32 || w.coding == Coding::residual;
    const bool real_inputs = x.value.form == Form::floats || x.value.form == Form::residual;
    const float w_scale = real_weights ? 1 : scale_of(w.scales, filter, 0, 1);
    const float x_scale = real_inputs ? 1 : x.value.scales[0];
    visit(block, x, filter, i, j, [&](const Element& a, const Element& b) {
      const float w_value = real_weights ? a.real : w_scale * static_cast<float>(a.integer);
      const float x_value = real_inputs ? b.real : x_scale * static_cast<float>(b.integer);
      sum += static_cast<double>(w_value) * static_cast<double>(x_value);
    });
    return static_cast<float>(sum);
  }
  const auto w_terms = static_cast<size_t>(w.coding == Coding::residual ? w.bits : 1);
  const auto x_terms = static_cast<size_t>(x.value.form == Form::residual ? x.value.bits : 1);
  double total = 0;
  for (size_t n = 0; n < w_terms; ++n) {
    double of_term = 0;
    for (size_t m = 0; m < x_terms; ++m) {
      int64_t sum = 0;
      visit(block, x, filter, i, j,
            [&](const Element& a, const Element& b) { sum += int64_t{a.signs[n]} * b.signs[m]; });
      if (w_terms * x_terms == 1) {
        return (x.value.scales[0] * scale_of(w.scales, filter, 0, 1)) * static_cast<float>(sum);
      }
      of_term += static_cast<double>(x.value.scales[m]) * static_cast<double>(sum);
    }
    total += static_cast<double>(scale_of(w.scales, filter, n, w_terms)) * of_term;
  }
  return static_cast<float>(total);
}

float activate(Activation h, float y) {
  switch (h) {
    case Activation::relu:
      return std::max(0.0F, y);
    case Activation::clip01:
      return std::min(1.0F, std::max(0.0F, y));
    case Activation::cabs:
      return std::min(1.0F, std::abs(y));
    case Activation::hard_tanh:
      return std::clamp(y, -1.0F, 1.0F);
    default:
      return y;
  }
}

/// The element of channel c that y becomes.
Element quantize_one(const Output& out, float y, size_t c) {
  Element e;
  if (out.form == Form::floats) {
    e.real = activate(out.activation, y);
  } else if (out.form == Form::codes) {
    const int32_t top = quantize::top_code(out.bits);
    e.integer = quantize::round_to_code(
        static_cast<float>(top) * (out.activation == Activation::cabs ? std::abs(y) : y),
        static_cast<float>(top));
    e.signs[0] = e.integer;
  } else if (out.form == Form::signs) {
    e.integer = y >= 0 ? 1 : -1;
    e.signs[0] = e.integer;
  } else {
    const float size = std::abs(y);
    const float key = out.key == Key::middle_out ? std::abs(size - out.scales[0])
                      : out.key == Key::top_down ? -size
                                                 : size;
    const int64_t width =
        out.key == Key::channel
            ? out.widths[c]
            : 1 + std::ranges::count_if(out.cuts, [&](float cut) { return key > cut; });
    float rest = y;
    for (size_t n = 0; n < out.scales.size(); ++n) {
      const int32_t sign = rest >= 0 ? 1 : -1;
      rest -= static_cast<float>(sign) * out.scales[n];
      if (static_cast<int64_t>(n) >= width) continue;
      e.signs[n] = sign;
      e.real += static_cast<float>(sign) * out.scales[n];
      if (out.form == Form::grid) e.integer += sign * out.levels[n];
    }
  }
  return e;
}

/// The element that thresholds give for a sum.
Element by_thresholds(const Block& block, int64_t filter, float d) {
  const Thresholds& t = block.thresholds;
  const float turned = t.descending[static_cast<size_t>(filter)] != 0 ? -d : d;
  int32_t code = 0;
  for (int j = 0; j < t.count; ++j) {
    const auto at = static_cast<size_t>(filter * t.count + j);
    const auto number = [&](const auto& integers, const auto& reals) {
      return reals.empty() ? static_cast<double>(integers[at]) : static_cast<double>(reals[at]);
    };
    bool on = static_cast<double>(turned) > number(t.above, t.above_real);
    if (!t.below.empty() || !t.below_real.empty()) {
      on = on || static_cast<double>(turned) < number(t.below, t.below_real);
    }
    code += on ? 1 : 0;
  }
  Element e;
  e.integer = block.output.form == Form::signs ? 2 * code - 1 : code;
  e.signs[0] = e.integer;
  return e;
}

Image apply(const Block& block, const Image& x, const Value& y) {
  const int64_t filters = block.weights.filters;
  const int64_t size = std::max<int64_t>(1, block.window.size);
  const int64_t stride = std::max<int64_t>(1, block.window.stride);
  Image result{y, {}};
  for (int64_t i = 0; i < y.height; ++i) {
    for (int64_t j = 0; j < y.width; ++j) {
      for (int64_t f = 0; f < filters; ++f) {
        const auto at = static_cast<size_t>(f);
        const bool down = block.thresholds.count > 0 ? block.thresholds.descending[at] != 0
                                                     : !block.slope.empty() && block.slope[at] < 0;
        float best = 0;
        for (int64_t u = 0; u < size * size; ++u) {
          const float d = product(block, x, f, i * stride + u / size, j * stride + u % size);
          const bool better = down && !block.window.before_norm ? d < best : d > best;
          if (u == 0 || better) best = d;
        }
        if (block.thresholds.count > 0) {
          result.elements.push_back(by_thresholds(block, f, best));
          continue;
        }
        const float y_of = block.slope.empty() ? best : best * block.slope[at] + block.offset[at];
        result.elements.push_back(quantize_one(block.output, y_of, at));
      }
    }
  }
  return result;
}

Image apply(const Pool& pool, const Image& x, const Value& y) {
  Image result{y, {}};
  for (int64_t i = 0; i < y.height; ++i) {
    for (int64_t j = 0; j < y.width; ++j) {
      for (int64_t c = 0; c < y.channels; ++c) {
        double sum = 0;
        float most = -std::numeric_limits<float>::infinity();
        for (int64_t u = 0; u < pool.size * pool.size; ++u) {
          const int64_t row = i * pool.stride - pool.padding_begin + u / pool.size;
          const int64_t column = j * pool.stride - pool.padding_begin + u % pool.size;
          if (row < 0 || row >= x.value.height || column < 0 || column >= x.value.width) continue;
          sum += static_cast<double>(x.at(row, column, c).real);
          most = std::max(most, x.at(row, column, c).real);
        }
        const double share = 1 / static_cast<double>(pool.size * pool.size);
        result.elements.push_back({pool.average ? static_cast<float>(sum * share) : most});
      }
    }
  }
  return result;
}

Image apply(const GlobalMean&, const Image& x, const Value& y) {
  Image result{y, {}};
  for (int64_t c = 0; c < y.channels; ++c) {
    double sum = 0;
    for (int64_t p = 0; p < x.value.height * x.value.width; ++p) {
      sum += static_cast<double>(x.at(0, p, c).real);
    }
    const auto pixels = static_cast<double>(x.value.height * x.value.width);
    result.elements.push_back({static_cast<float>(sum / pixels)});
  }
  return result;
}

template <typename Map>
Image map(const Image& x, const Value& y, const Map& map) {
  Image result{y, x.elements};
  for (size_t i = 0; i < result.elements.size(); ++i) {
    result.elements[i] = map(x.elements[i].real, i % static_cast<size_t>(y.channels));
  }
  return result;
}

Image apply(const Scale& scale, const Image& x, const Value& y) {
  return map(x, y, [&](float v, size_t) { return Element{scale.factor * v}; });
}

Image apply(const Normalize& n, const Image& x, const Value& y) {
  return map(
      x, y, [&](float v, size_t c) { return Element{(v - n.mean[c]) * n.slope[c] + n.offset[c]}; });
}

Image apply(const Quantize& quantize, const Image& x, const Value& y) {
  return map(x, y, [&](float v, size_t c) { return quantize_one(quantize.output, v, c); });
}

}  // namespace

std::vector<float> run(const Model& model, std::span<const float> image) {
  const std::vector<Value> values = trace(model);
  Image x{values[0], {}};
  for (const float v : image) x.elements.push_back({v});
  for (size_t i = 0; i < model.ops.size(); ++i) {
    x = std::visit([&](const auto& op) { return apply(op, x, values[i + 1]); }, model.ops[i]);
  }
  std::vector<float> scores;
  for (const Element& e : x.elements) scores.push_back(e.real);
  return scores;
}

}  // namespace fracbit::deploy::reference
