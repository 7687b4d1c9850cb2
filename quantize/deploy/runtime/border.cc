#include "fracbit/quantize/deploy/runtime/border.h"

namespace fracbit::deploy::runtime {

Border border_of(const Frame& f) {
  return {{f.out_height, f.in.value.height, f.kernel_height, f.stride, f.padding_begin},
          {f.out_width, f.in.value.width, f.kernel_width, f.stride, f.padding_begin}};
}

void set_classes(const Frame& frame, const Border& border, const Part& part, int32_t* classes) {
  if (frame.dense) {
    std::fill_n(classes, part.lines, 0);
    return;
  }
  for (int64_t line = part.first; line < part.first + part.lines; ++line) {
    const int64_t row = border.rows.class_of(line) * border.columns.classes();
    for (int64_t j = 0; j < frame.out_width; ++j) {
      *classes++ = static_cast<int32_t>((row + border.columns.class_of(j)) * kBlock);
    }
  }
}

void append_classes(const Border& border, int64_t taps, const std::vector<int32_t>& inside,
                    const std::vector<int32_t>& outside, std::vector<int32_t>& terms) {
  const int64_t width = border.columns.kernel();
  for (int64_t at = 0; at < border.classes(); ++at) {
    const int64_t row = border.rows.position_of(at / border.columns.classes());
    const int64_t column = border.columns.position_of(at % border.columns.classes());
    for (int64_t f = 0; f < kBlock; ++f) {
      int32_t sum = 0;
      for (int64_t tap = 0; tap < taps; ++tap) {
        const bool in =
            border.rows.inside(row, tap / width) && border.columns.inside(column, tap % width);
        const auto i = static_cast<size_t>(tap * kBlock + f);
        sum += in ? inside[i] : outside[i];
      }
      terms.push_back(sum);
    }
  }
}

}  // namespace fracbit::deploy::runtime
