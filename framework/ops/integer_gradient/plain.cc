#include "fracbit/framework/ops/integer_gradient/plain.h"

#include <algorithm>
#include <cmath>

#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_gradient {
namespace {

int32_t dot(const int16_t* a, const int16_t* b, int64_t n) {
  int32_t sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += int32_t{a[i]} * b[i];
  return sum;
}

int16_t gradient_level(const GradientCodes& g, int64_t i) {
  return static_cast<int16_t>(2 * int32_t{g.codes[i]} - g.top());
}

/// w[f][tap][c] to [group][tap][c][filter of the group].
Buffer<int16_t> turned(const Buffer<int16_t>& w, const Conv2dGeometry& s) {
  Buffer<int16_t> result(w.size());
  const int64_t size = s.filter_size();
  for (int64_t f = 0; f < s.filters; ++f) {
    const int64_t group = f / s.group_filters;
    int16_t* to = result.data() + group * size * s.group_filters + f % s.group_filters;
    for (int64_t k = 0; k < size; ++k) to[k * s.group_filters] = w[f * size + k];
  }
  return result;
}

/// D of one pixel of x: for each group, its channels.
void input_sums(const int16_t* g, const int16_t* w, const Conv2dGeometry& s, int64_t row,
                int64_t column, int32_t* sums) {
  std::fill_n(sums, s.channels, 0);
  const int64_t stride = s.options.stride;
  const int64_t each = s.group_channels * s.group_filters;
  for (int64_t u = 0; u < s.kernel_height; ++u) {
    const int64_t i = row + s.options.padding_begin - u;
    if (i < 0 || i % stride != 0 || i / stride >= s.out_height) continue;
    for (int64_t v = 0; v < s.kernel_width; ++v) {
      const int64_t j = column + s.options.padding_begin - v;
      if (j < 0 || j % stride != 0 || j / stride >= s.out_width) continue;
      const int16_t* levels = g + (i / stride * s.out_width + j / stride) * s.filters;
      for (int64_t c = 0; c < s.channels; ++c) {
        const int64_t group = c / s.group_channels;
        const int16_t* weights = w + (group * s.taps() + u * s.kernel_width + v) * each +
                                 c % s.group_channels * s.group_filters;
        sums[c] += dot(levels + group * s.group_filters, weights, s.group_filters);
      }
    }
  }
}

/// The part of dw that one task owns: filters [first, first + count) of one group.
struct FilterTile {
  int64_t group, first, count;
};

/// Gradient levels of one sample, [filter of the tile][pixel].
void turn_gradient(const GradientCodes& g, const Conv2dGeometry& s, const FilterTile& tile,
                   int64_t sample, int16_t* levels) {
  const int64_t pixels = s.out_height * s.out_width;
  for (int64_t p = 0; p < pixels; ++p) {
    const int64_t at = (sample * pixels + p) * s.filters + tile.first;
    for (int64_t f = 0; f < tile.count; ++f) levels[f * pixels + p] = gradient_level(g, at + f);
  }
}

/// Levels of x that tap (u, v) meets in one sample, [channel of the group][pixel], 0 outside.
void turn_inputs(const int16_t* x, const Conv2dGeometry& s, int64_t group, int64_t u, int64_t v,
                 int16_t* levels) {
  const int64_t pixels = s.out_height * s.out_width;
  for (int64_t p = 0; p < pixels; ++p) {
    const int64_t row = p / s.out_width * s.options.stride + u - s.options.padding_begin;
    const int64_t column = p % s.out_width * s.options.stride + v - s.options.padding_begin;
    const bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
    const int16_t* from =
        inside ? x + (row * s.width + column) * s.channels + group * s.group_channels : nullptr;
    for (int64_t c = 0; c < s.group_channels; ++c) {
      levels[c * pixels + p] = inside ? from[c] : int16_t{0};
    }
  }
}

void weight_tile(const Buffer<int16_t>& x, const GradientCodes& g, const Conv2dGeometry& s,
                 const FilterTile& tile, real* dw) {
  const int64_t pixels = s.out_height * s.out_width;
  Buffer<int16_t> gradient(tile.count * pixels), inputs(s.group_channels * pixels);
  for (int64_t b = 0; b < s.images; ++b) {
    turn_gradient(g, s, tile, b, gradient.data());
    for (int64_t tap = 0; tap < s.taps(); ++tap) {
      turn_inputs(x.data() + b * s.height * s.width * s.channels, s, tile.group,
                  tap / s.kernel_width, tap % s.kernel_width, inputs.data());
      for (int64_t f = 0; f < tile.count; ++f) {
        real* to = dw + (tile.first + f) * s.filter_size() + tap * s.group_channels;
        for (int64_t c = 0; c < s.group_channels; ++c) {
          const int32_t d = dot(gradient.data() + f * pixels, inputs.data() + c * pixels, pixels);
          to[c] = std::fma(g.scales[b], static_cast<real>(d), to[c]);
        }
      }
    }
  }
}

}  // namespace

void plain_input_gradient(const GradientCodes& g, const ScaledBits& w, const Conv2dGeometry& s,
                          Tensor& dx) {
  const Buffer<int16_t> weights = turned(unpack_levels(w.bits), s);
  const int64_t each = s.out_height * s.out_width * s.filters;
  parallel_for(s.images, 1, [&](int64_t begin, int64_t end) {
    Buffer<int16_t> levels(each);
    Buffer<int32_t> sums(s.channels);
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t i = 0; i < each; ++i) levels[i] = gradient_level(g, n * each + i);
      const real scale = g.scales[n] * w.scales[0];
      real* to = dx.data() + n * s.height * s.width * s.channels;
      for (int64_t p = 0; p < s.height * s.width; ++p) {
        input_sums(levels.data(), weights.data(), s, p / s.width, p % s.width, sums.data());
        for (int64_t c = 0; c < s.channels; ++c) *to++ = scale * static_cast<real>(sums[c]);
      }
    }
  });
}

void plain_weight_gradient(const ScaledBits& x, const GradientCodes& g, const Conv2dGeometry& s,
                           Tensor& dw) {
  constexpr int64_t kFilters = 32;
  const Buffer<int16_t> inputs = unpack_levels(x.bits);
  dw.fill(0);
  const int64_t tiles = (s.group_filters + kFilters - 1) / kFilters;
  parallel_for(s.options.groups * tiles, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t group = task / tiles;
      const int64_t first = task % tiles * kFilters;
      const FilterTile tile{group, group * s.group_filters + first,
                            std::min(kFilters, s.group_filters - first)};
      weight_tile(inputs, g, s, tile, dw.data());
    }
  });
  for (real& value : dw.span()) value *= x.scales[0];
}

}  // namespace fracbit::ops::integer_gradient
