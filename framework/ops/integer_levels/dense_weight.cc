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
static_assert(kTaskChannels % outer::kPanel == 0);

/// [samples][columns] numbers, number(sample, index), in the panels of the kernel.
template <typename F>
Buffer<real> panels_of(int64_t samples, int64_t columns, const F& number) {
  const int64_t panels = (columns + outer::kPanel - 1) / outer::kPanel;
  Buffer<real> made(panels * samples * outer::kPanel);
  parallel_for(panels, 4, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      real* to = made.data() + panel * samples * outer::kPanel;
      const int64_t first = panel * outer::kPanel;
      const int64_t used = std::min(outer::kPanel, columns - first);
      for (int64_t b = 0; b < samples; ++b, to += outer::kPanel) {
        for (int64_t c = 0; c < used; ++c) to[c] = number(b, b * columns + first + c);
        std::fill(to + used, to + outer::kPanel, real{0});
      }
    }
  });
  return made;
}

Buffer<real> input_panels(const IntTensor& x, int64_t samples, int64_t channels) {
  const auto levels = [&](const auto* from) {
    return panels_of(samples, channels,
                     [from](int64_t, int64_t i) { return static_cast<real>(from[i]); });
  };
  return x.width() == IntWidth::int8 ? levels(x.data<int8_t>()) : levels(x.data<int16_t>());
}

}  // namespace

bool is_dense(const Conv2dGeometry& s) {
  return s.options.groups == 1 && s.height * s.width * s.taps() == 1 &&
         s.out_height * s.out_width == 1 && s.options.padding_begin == 0;
}

void dense_weight_gradient(const ScaledInts& x, const GradientCodes& g, const Conv2dGeometry& s,
                           Tensor& dw) {
  const bool one_scale = x.scales.size() == 1;
  const Buffer<real> inputs = input_panels(x.ints, s.images, s.channels);
  const Buffer<real> gradient = panels_of(s.images, s.filters, [&](int64_t b, int64_t i) {
    const real scale = one_scale ? g.scales[b] : g.scales[b] * x.scales[b];
    return scale * static_cast<real>(2 * int32_t{g.codes[i]} - g.top());
  });
  const outer::Kernel kernel = outer::find(isa_name(active_isa()).data());
  const int64_t tasks = (s.channels + kTaskChannels - 1) / kTaskChannels;
  parallel_for(tasks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task * kTaskChannels;
      outer::OuterProduct d{};
      d.samples = s.images;
      d.g = gradient.data(), d.filters = s.filters;
      d.x = inputs.data() + first * s.images;
      d.channels = std::min(kTaskChannels, s.channels - first);
      d.last_scale = one_scale ? x.scales[0] : 1;
      d.y = dw.data() + first, d.y_filter = s.channels;
      kernel(d);
    }
  });
}

}  // namespace fracbit::ops::integer_levels
