#pragma once

#include <algorithm>
#include <cstdint>

#include "fracbit/framework/shape.h"

namespace fracbit::ops {

/// Consecutive outputs of a pass that one kernel call makes.
struct Stretch {
  int64_t input;   ///< first number of D
  int64_t below;   ///< numbers from one row of D to the next where 2x2 windows are read, else 0
  int64_t pixels;  ///< outputs
  int64_t output;  ///< first number of the outputs
};

/// The outputs of a pass over D, [N, H, W, C] or [N, ..., C], in lines: a pixel each, or, where the
/// pass reads 2x2 windows with stride 2, a row of windows.
class Lines {
 public:
  Lines(const Shape& d, bool windows)
      : windows_(windows),
        channels_(d.back()),
        width_(windows ? d[2] : 1),
        height_(windows ? d[1] : (channels_ == 0 ? 0 : d.stride0() / channels_)),
        images_(d[0]) {}

  int64_t images() const { return images_; }
  int64_t channels() const { return channels_; }
  int64_t per_image() const { return windows_ ? height_ / 2 : height_; }
  int64_t count() const { return images_ * per_image(); }
  int64_t line_pixels() const { return windows_ ? width_ / 2 : 1; }
  int64_t outputs() const { return count() * line_pixels(); }
  /// Lines whose outputs are about this many numbers.
  int64_t grain(int64_t numbers) const {
    return std::max<int64_t>(1, numbers / std::max<int64_t>(1, line_pixels() * channels_));
  }

  /// The first number of D that a line reads, and the one after the last.
  int64_t input(int64_t line) const {
    if (!windows_) return line * channels_;
    return (line / per_image() * height_ + line % per_image() * 2) * width_ * channels_;
  }
  int64_t input_end(int64_t line) const {
    return input(line) + (windows_ ? 2 * width_ : 1) * channels_;
  }

  /// Calls f(Stretch) for lines [begin, end), a few thousand numbers at a time.
  template <typename F>
  void for_stretches(int64_t begin, int64_t end, F f) const {
    if (!windows_) {
      const int64_t step = grain(kStretch);
      for (int64_t line = begin; line < end; line += step) {
        f(Stretch{line * channels_, 0, std::min(step, end - line), line * channels_});
      }
      return;
    }
    const int64_t row = width_ * channels_;
    for (int64_t line = begin; line < end; ++line) {
      f(Stretch{input(line), row, width_ / 2, line * (width_ / 2) * channels_});
    }
  }

  /// Calls f(Stretch) for the input pixels beside lines [begin, end) of one image that are in no
  /// window: a last column, and a last row after the image's last line. Outputs are counted as
  /// inputs.
  template <typename F>
  void for_rest(int64_t begin, int64_t end, F f) const {
    if (!windows_ || begin == end) return;
    const int64_t row = width_ * channels_, image = begin / per_image();
    const int64_t first = image * height_ - image * per_image() * 2;  // row of line 0, so to say
    const auto pixels = [&](int64_t at, int64_t count) { f(Stretch{at, 0, count, at}); };
    if (width_ % 2 != 0) {
      for (int64_t i = 2 * begin; i < 2 * end; ++i) pixels((first + i + 1) * row - channels_, 1);
    }
    if (height_ % 2 != 0 && end % per_image() == 0) {
      pixels(((image + 1) * height_ - 1) * row, width_);
    }
  }

 private:
  static constexpr int64_t kStretch = 4096;

  bool windows_;
  int64_t channels_;
  int64_t width_;
  int64_t height_;
  int64_t images_;
};

}  // namespace fracbit::ops
