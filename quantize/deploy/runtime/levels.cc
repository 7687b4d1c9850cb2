#include "fracbit/quantize/deploy/runtime/levels.h"

#include <algorithm>

namespace fracbit::deploy::runtime {
namespace {

bool bit(const uint64_t* plane, int64_t c) {
  return (plane[c / 64] >> (c % 64) & 1u) != 0;
}

/// scale (mul q + add) of a row of code planes.
void decode_codes(const uint64_t* planes, int bits, int64_t words, int64_t channels, int32_t mul,
                  int32_t add, float scale, float* to) {
  for (int64_t c = 0; c < channels; ++c) {
    int32_t code = 0;
    for (int p = 0; p < bits; ++p) code |= static_cast<int32_t>(bit(planes + p * words, c)) << p;
    to[c] = scale * static_cast<float>(mul * code + add);
  }
}

/// Adds a term; without a mask everywhere.
template <typename T>
void add_term(const uint64_t* sign, const uint64_t* mask, int64_t channels, T scale, T* to) {
  for (int64_t c = 0; c < channels; ++c) {
    const bool active = mask == nullptr || bit(mask, c);
    to[c] += active ? (bit(sign, c) ? scale : static_cast<T>(-scale)) : T{0};
  }
}

/// Number n of a filter's in [1 or filters][each].
template <typename T>
T of_filter(const std::vector<T>& numbers, int64_t filter, int n, int each) {
  const auto at = static_cast<size_t>(n), step = static_cast<size_t>(each);
  return numbers[numbers.size() == step ? at : static_cast<size_t>(filter) * step + at];
}

/// Calls visit(filter, planes of a tap, first element) for every tap of every filter.
template <typename Visit>
void visit_rows(const Weights& w, const Visit& visit) {
  for (int64_t row = 0; row < w.filters * w.taps(); ++row) {
    visit(row / w.taps(), w.row(0, row), row * w.channels);
  }
}

}  // namespace

std::vector<int32_t> weight_integers(const Weights& w) {
  std::vector<int32_t> integers(static_cast<size_t>(w.size()));
  const int64_t words = w.words_per_plane();
  visit_rows(w, [&](int64_t filter, const uint64_t* row, int64_t first) {
    for (int n = 0; n < w.bits; ++n) {
      const int32_t level = of_filter(w.levels, filter, n, w.bits);
      add_term(row + 2 * n * words, row + (2 * n + 1) * words, w.channels, level,
               integers.data() + first);
    }
  });
  return integers;
}

std::vector<float> weight_values(const Weights& w) {
  if (w.coding == Coding::float32) return w.values;
  const auto scale_of = [&](int64_t filter) {
    return w.scales.empty() ? 1.0F : of_filter(w.scales, filter, 0, 1);
  };
  std::vector<float> values(static_cast<size_t>(w.size()));
  if (w.coding == Coding::grid) {
    const std::vector<int32_t> integers = weight_integers(w);
    for (size_t i = 0; i < values.size(); ++i) {
      const auto filter = static_cast<int64_t>(i) / w.filter_size();
      values[i] = scale_of(filter) * static_cast<float>(integers[i]);
    }
    return values;
  }
  const int64_t words = w.words_per_plane();
  visit_rows(w, [&](int64_t filter, const uint64_t* row, int64_t first) {
    float* to = values.data() + first;
    if (w.coding == Coding::codes) {
      return decode_codes(row, w.bits, words, w.channels, 2, 1 - (1 << w.bits), scale_of(filter),
                          to);
    }
    for (int n = 0; n < w.bits; ++n) {
      add_term(row + 2 * n * words, row + (2 * n + 1) * words, w.channels,
               of_filter(w.scales, filter, n, w.bits), to);
    }
  });
  return values;
}

void decode_values(const Layout& layout, const std::byte* from, int64_t pixels, float* to) {
  const Value& value = layout.value;
  const int64_t words = layout.words_per_plane();
  for (int64_t p = 0; p < pixels; ++p, from += layout.pixel_bytes(), to += value.channels) {
    const auto* planes = reinterpret_cast<const uint64_t*>(from);
    const float scale = value.scales[0];
    if (value.form == Form::codes) {
      decode_codes(planes, value.bits, words, value.channels, 1, 0, scale, to);
    } else if (value.form == Form::signs) {
      decode_codes(planes, 1, words, value.channels, 2, -1, scale, to);
    } else {
      std::fill_n(to, value.channels, 0.0F);
      add_term(planes, nullptr, value.channels, scale, to);
      for (int n = 1; n < value.bits; ++n) {
        add_term(planes + (2 * n - 1) * words, planes + 2 * n * words, value.channels,
                 value.scales[static_cast<size_t>(n)], to);
      }
    }
  }
}

}  // namespace fracbit::deploy::runtime
