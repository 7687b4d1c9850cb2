#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "fracbit/data/random_stream.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::data {

/// Changes one image [H, W, C], pixels in 0..1, in place. All its randomness comes from the stream,
/// which the loader seeds from (seed, epoch, sample number).
using Transform = std::function<void(Tensor& image, RandomStream& random)>;

/// One transform after the other.
Transform compose(std::vector<Transform> transforms);

/// Pads every side with `pixels` rows or columns of the colour `fill` and cuts out a random window
/// of the original size. An empty fill is black; with the data set's mean the border is 0 after
/// normalising, as in He et al. 2016, sec. 4.2.
///
/// Throws ConfigError if pixels < 0; the transform throws ShapeError if fill has not C values.
Transform pad_crop(int64_t pixels, std::vector<double> fill = {});

/// Mirrors left and right with probability 1/2.
Transform flip_lr();

/// x + U(-range, range), one draw per image, clipped to 0..1. Throws ConfigError if range < 0.
Transform brightness(double range);

/// mean + f (x - mean) with f from U(low, high), one draw per image, about the mean of each
/// channel of the image, clipped to 0..1. Throws ConfigError unless 0 <= low <= high.
Transform contrast(double low, double high);

/// (x - mean) / deviation per channel; see normalize_channels.
Transform normalize(std::vector<double> mean, std::vector<double> deviation);

/// x = (x - mean) / deviation per channel, in place, for images [..., C].
///
/// Throws ShapeError unless mean and deviation have C values; ConfigError if a deviation is not
/// positive.
void normalize_channels(Tensor& images, std::span<const double> mean,
                        std::span<const double> deviation);

}  // namespace fracbit::data
