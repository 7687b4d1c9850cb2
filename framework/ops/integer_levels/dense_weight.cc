#include "fracbit/framework/ops/integer_levels/dense_weight.h"

#include <algorithm>
#include <string>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/outer/outer.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_levels {
namespace {

namespace outer = kernels::outer;

/// Channels of a task.
constexpr int64_t kTaskChannels = 256;
constexpr int64_t kRow = 64;  ///< a row has a multiple of these, as many as a kernel may read

int64_t whole(int64_t n) {
  return (n + kRow - 1) / kRow * kRow;
}

/// [samples][columns] numbers in rows of whole(columns).
template <typename Level>
Buffer<real> padded_rows(int64_t samples, int64_t columns, const Level& level) {
  Buffer<real> rows(samples * whole(columns));
  parallel_for(samples, 4, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      real* to = rows.data() + b * whole(columns);
      for (int64_t c = 0; c < columns; ++c) to[c] = static_cast<real>(level(b * columns + c));
      std::fill(to + columns, to + whole(columns), real{0});
    }
  });
  return rows;
}

Buffer<real> input_rows(const IntTensor& x, int64_t samples, int64_t channels) {
  if (x.width() == IntWidth::int8) {
    return padded_rows(samples, channels, [from = x.data<int8_t>()](int64_t i) { return from[i]; });
  }
  return padded_rows(samples, channels, [from = x.data<int16_t>()](int64_t i) { return from[i]; });
}

}  // namespace

bool is_dense(const Conv2dGeometry& s) {
  return s.options.groups == 1 && s.height * s.width * s.taps() == 1 &&
         s.out_height * s.out_width == 1 && s.options.padding_begin == 0;
}

void dense_weight_gradient(const ScaledInts& x, const GradientCodes& g, const Conv2dGeometry& s,
                           Tensor& dw) {
  const bool one_scale = x.scales.size() == 1;
  Buffer<real> scale(s.images);
  for (int64_t b = 0; b < s.images; ++b) {
    scale[b] = one_scale ? g.scales[b] : g.scales[b] * x.scales[b];
  }
  const Buffer<real> inputs = input_rows(x.ints, s.images, s.channels);
  const Buffer<real> codes = padded_rows(
      s.images, s.filters,
      [from = g.codes.data(), top = g.top()](int64_t i) { return 2 * int32_t{from[i]} - top; });
  const outer::Kernel kernel = outer::find(isa_name(active_isa()).data());
  const int64_t tasks = (s.channels + kTaskChannels - 1) / kTaskChannels;
  parallel_for(tasks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task * kTaskChannels;
      outer::OuterProduct d{};
      d.samples = s.images, d.scale = scale.data();
      d.g = codes.data(), d.g_sample = whole(s.filters), d.filters = s.filters;
      d.x = inputs.data() + first, d.x_sample = whole(s.channels);
      d.channels = std::min(kTaskChannels, s.channels - first);
      d.last_scale = one_scale ? x.scales[0] : 1;
      d.y = dw.data() + first, d.y_filter = s.channels;
      kernel(d);
    }
  });
}

}  // namespace fracbit::ops::integer_levels
