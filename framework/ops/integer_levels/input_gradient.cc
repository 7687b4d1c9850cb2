#include "fracbit/framework/ops/integer_levels/input_gradient.h"

#include "fracbit/framework/kernels/intdot/intdot.h"
#include "fracbit/framework/kernels/intdot/training/training.h"
#include "fracbit/framework/ops/integer_levels/images.h"
#include "fracbit/framework/ops/integer_levels/run.h"

namespace fracbit::ops::integer_levels {

void input_gradient(const GradientCodes& g, const IntTensor& w, const Conv2dGeometry& geometry,
                    const std::vector<real>& scales, Tensor& dx) {
  const Format format = Format::of(IntWidth::int8, w.width());
  const Numbers weights(w, format);
  const int64_t per_pixel = static_cast<int64_t>(scales.size()) == geometry.images ? 0 : 1;
  const int64_t dy_numbers = geometry.result().stride0();
  const int64_t dx_numbers = geometry.height * geometry.width * geometry.channels;
  for (const Conv2dPhase& phase : conv2d_phases(geometry)) {
    Windows windows = windows_of(phase.grid, format);
    classify(phase.grid, windows);
    for (int64_t group = 0; group < geometry.options.groups; ++group) {
      const Filters filters =
          gradient_filters(weights, geometry, format, group, phase, windows, g.top());
      const uint8_t* codes = g.codes.data() + group * geometry.group_filters;
      run({&windows, &filters, geometry.images,
           [&](int64_t image, uint8_t* to) {
             copy_codes(windows.image, format, g.top(), codes + image * dy_numbers,
                        geometry.filters, to);
           },
           [&](int64_t image, intdot::Product& product) {
             product.scale = scales.data() + image;
             product.scale_step = per_pixel;
             product.y = dx.data() + image * dx_numbers + group * geometry.group_channels;
           },
           format.gradients().scaled});
    }
  }
}

}  // namespace fracbit::ops::integer_levels
