#include "fracbit/quantize/deploy/runtime/term_coder.h"

#include "fracbit/framework/kernels/norm/norm.h"

namespace fracbit::deploy::runtime {

TermCoder::TermCoder(const Output& output, const Layout& layout,
                     const kernels::norm::Kernels& kernels)
    : kernels_(kernels),
      output_(output),
      cuts_(output.cuts),
      keys_(output.widths.begin(), output.widths.end()),
      levels_(output.levels.begin(), output.levels.end()),
      layout_(layout) {
  // The key of a channel is its width.
  for (int n = 1; n < output.bits && !keys_.empty(); ++n) {
    cuts_.push_back(static_cast<float>(n));
  }
}

void TermCoder::encode(const float* y, int64_t pixels, std::byte* out) const {
  if (!layout_.order.empty()) return encode_ordered(y, pixels, out);
  const kernels::norm::TermCode code{
      .terms = output_.bits,
      .mu = output_.scales.data(),
      .cut = cuts_.data(),
      .level = levels_.data(),
      .key = keys_.empty() ? nullptr : keys_.data(),
      .centre = output_.key == Key::middle_out ? output_.scales[0] : 0,
      .negative = output_.key == Key::top_down,
  };
  const int64_t each = layout_.value.channels;
  int64_t channels = each;
  const int64_t step = layout_.pixel_bytes();
  // Integers without a gap between pixels are one long pixel.
  if (step == each * layout_.integer_bytes && keys_.empty()) {
    channels *= pixels;
    pixels = 1;
  }
  for (int64_t p = 0; p < pixels; ++p, y += each, out += step) {
    if (output_.form == Form::residual) {
      kernels_.term_planes(y, channels, code, reinterpret_cast<uint64_t*>(out));
    } else if (layout_.integer_bytes == 1) {
      kernels_.term_bytes(y, channels, code, reinterpret_cast<uint8_t*>(out));
    } else {
      kernels_.term_words(y, channels, code, reinterpret_cast<int16_t*>(out));
    }
  }
}

void TermCoder::encode_ordered(const float* y, int64_t pixels, std::byte* out) const {
  const kernels::norm::ChannelCode code{output_.bits, output_.scales.data(), layout_.order.data(),
                                        layout_.counts.data()};
  for (int64_t p = 0; p < pixels; ++p) {
    kernels_.channel_signs(y + p * layout_.value.channels, code,
                           reinterpret_cast<uint64_t*>(out + p * layout_.pixel_bytes()));
  }
}

}  // namespace fracbit::deploy::runtime
