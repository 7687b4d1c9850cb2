#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "fracbit/quantize/deploy/runtime/product.h"

namespace fracbit::deploy::runtime {

/// Output positions along one axis of a convolution, in classes that have the same taps inside the
/// image: one each for the positions that reach over the begin, one for those in the middle, one
/// each for those that reach over the end.
class BorderAxis {
 public:
  BorderAxis(int64_t outputs, int64_t extent, int64_t kernel, int64_t stride, int64_t padding)
      : extent_(extent),
        kernel_(kernel),
        stride_(stride),
        padding_(padding),
        begin_(std::min(outputs, (padding + stride - 1) / stride)),
        end_(std::clamp((extent + padding - kernel + stride) / stride, begin_, outputs)),
        count_(outputs - (end_ - begin_) + (end_ > begin_ ? 1 : 0)) {}

  int64_t classes() const { return count_; }
  int64_t class_of(int64_t position) const {
    if (position < begin_) return position;
    return position < end_ ? begin_ : position - (end_ - begin_) + (end_ > begin_ ? 1 : 0);
  }
  /// A position of the class.
  int64_t position_of(int64_t at) const {
    return at < begin_ || end_ == begin_ ? at : at == begin_ ? at : at - 1 + (end_ - begin_);
  }
  /// Whether a tap of that position is inside the image.
  bool inside(int64_t position, int64_t tap) const {
    const int64_t at = position * stride_ - padding_ + tap;
    return 0 <= at && at < extent_;
  }
  int64_t kernel() const { return kernel_; }

 private:
  int64_t extent_, kernel_, stride_, padding_;
  int64_t begin_, end_;  ///< positions that reach over no edge
  int64_t count_;
};

/// Both axes; the class of a pixel is row class times columns.classes() plus column class.
struct Border {
  BorderAxis rows, columns;

  int64_t classes() const { return rows.classes() * columns.classes(); }
};

Border border_of(const Frame& frame);

/// Where the kBlock terms of each pixel's class start, for the pixels of a part.
void set_classes(const Frame& frame, const Border& border, const Part& part, int32_t* classes);

/// Appends for each class the sums over its taps: of `inside` [taps][kBlock] for those inside the
/// image, of `outside` for the others.
void append_classes(const Border& border, int64_t taps, const std::vector<int32_t>& inside,
                    const std::vector<int32_t>& outside, std::vector<int32_t>& terms);

}  // namespace fracbit::deploy::runtime
