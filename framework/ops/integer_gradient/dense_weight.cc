#include <algorithm>

#include "fracbit/framework/kernels/table/table.h"
#include "fracbit/framework/ops/integer_gradient/weight.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_gradient {
namespace {

namespace table = kernels::table;

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

}  // namespace

void dense_weight_gradient(const ScaledBits& x, const GradientCodes& g, const Choice& choice,
                           Tensor& dw) {
  const int64_t samples = g.scales.size();
  const int64_t filters = g.shape.back(), channels = x.bits.shape().back();
  const Buffer<int16_t> levels = unpack_levels(x.bits);
  const Buffer<real> inputs =
      padded_rows(samples, channels, [from = levels.data()](int64_t i) { return from[i]; });
  const Buffer<real> codes = padded_rows(
      samples, filters,
      [from = g.codes.data(), top = g.top()](int64_t i) { return 2 * int32_t{from[i]} - top; });
  const int64_t tasks = (channels + kTaskChannels - 1) / kTaskChannels;
  parallel_for(tasks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task * kTaskChannels;
      table::OuterProduct d{};
      d.samples = samples, d.scale = g.scales.data();
      d.g = codes.data(), d.g_sample = whole(filters), d.filters = filters;
      d.x = inputs.data() + first, d.x_sample = whole(channels);
      d.channels = std::min(kTaskChannels, channels - first);
      d.last_scale = x.scales[0];
      d.y = dw.data() + first, d.y_filter = channels;
      choice.kernels->outer(d);
    }
  });
}

}  // namespace fracbit::ops::integer_gradient
