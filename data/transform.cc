#include "fracbit/data/transform.h"

#include <algorithm>
#include <string>

#include "fracbit/framework/error.h"

namespace fracbit::data {
namespace {

void require_image(const char* op, const Tensor& image) {
  if (image.shape().rank() != 3) {
    throw ShapeError("[" + std::string(op) + "] expects an image [H, W, C], got " +
                     to_string(image.shape()));
  }
}

real clipped(real x) {
  return std::clamp(x, static_cast<real>(0), static_cast<real>(1));
}

Tensor filled(const Shape& shape, const std::vector<double>& fill) {
  if (fill.empty()) return Tensor::zeros(shape);
  const auto channels = static_cast<int64_t>(fill.size());
  if (shape.back() != channels) {
    throw ShapeError("[pad_crop] expects a fill of " + std::to_string(shape.back()) +
                     " channels, got " + std::to_string(channels) + " (image " + to_string(shape) +
                     ")");
  }
  Tensor result = Tensor::uninitialized(shape);
  for (int64_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<real>(fill[static_cast<size_t>(i % channels)]);
  }
  return result;
}

// Pixel (y, x) of the result is pixel (y + dy, x + dx) of the image where there is one.
void copy_shifted(const Tensor& image, int64_t dy, int64_t dx, Tensor& result) {
  const int64_t height = image.shape()[0];
  const int64_t width = image.shape()[1];
  const int64_t channels = image.shape()[2];
  const int64_t first_row = std::max<int64_t>(0, -dy);
  const int64_t end_row = std::min(height, height - dy);
  const int64_t first = std::max<int64_t>(0, -dx);
  const int64_t end = std::min(width, width - dx);
  if (first >= end) return;
  for (int64_t y = first_row; y < end_row; ++y) {
    const real* from = image.data() + ((y + dy) * width + first + dx) * channels;
    std::copy_n(from, (end - first) * channels, result.data() + (y * width + first) * channels);
  }
}

std::vector<real> channel_means(const Tensor& image) {
  const int64_t channels = image.shape().back();
  std::vector<double> sums(static_cast<size_t>(channels), 0);
  for (int64_t i = 0; i < image.size(); ++i) sums[static_cast<size_t>(i % channels)] += image[i];
  std::vector<real> means;
  const auto pixels = static_cast<double>(image.size() / channels);
  for (const double sum : sums) means.push_back(static_cast<real>(sum / pixels));
  return means;
}

}  // namespace

Transform compose(std::vector<Transform> transforms) {
  return [transforms = std::move(transforms)](Tensor& image, RandomStream& random) {
    for (const Transform& transform : transforms) transform(image, random);
  };
}

Transform pad_crop(int64_t pixels, std::vector<double> fill) {
  if (pixels < 0) {
    throw ConfigError("[pad_crop] expects 0 or more pixels, got " + std::to_string(pixels));
  }
  return [pixels, fill = std::move(fill)](Tensor& image, RandomStream& random) {
    require_image("pad_crop", image);
    const int64_t dy = random.below(2 * pixels + 1) - pixels;
    const int64_t dx = random.below(2 * pixels + 1) - pixels;
    Tensor window = filled(image.shape(), fill);
    copy_shifted(image, dy, dx, window);
    image = std::move(window);
  };
}

Transform flip_lr() {
  return [](Tensor& image, RandomStream& random) {
    require_image("flip_lr", image);
    if (random.below(2) == 0) return;
    const int64_t width = image.shape()[1];
    const int64_t channels = image.shape()[2];
    for (int64_t y = 0; y < image.shape()[0]; ++y) {
      real* row = image.data() + y * width * channels;
      for (int64_t x = 0; x < width / 2; ++x) {
        std::swap_ranges(row + x * channels, row + (x + 1) * channels,
                         row + (width - 1 - x) * channels);
      }
    }
  };
}

Transform brightness(double range) {
  if (!(range >= 0)) {
    throw ConfigError("[brightness] expects a range of 0 or more, got " + std::to_string(range));
  }
  return [range](Tensor& image, RandomStream& random) {
    const auto shift = static_cast<real>(random.uniform(-range, range));
    for (real& x : image.span()) x = clipped(x + shift);
  };
}

Transform contrast(double low, double high) {
  if (!(low >= 0 && low <= high)) {
    throw ConfigError("[contrast] expects 0 <= low <= high, got low " + std::to_string(low) +
                      ", high " + std::to_string(high));
  }
  return [low, high](Tensor& image, RandomStream& random) {
    require_image("contrast", image);
    const auto factor = static_cast<real>(random.uniform(low, high));
    const std::vector<real> means = channel_means(image);
    const size_t channels = means.size();
    for (int64_t i = 0; i < image.size(); ++i) {
      const real mean = means[static_cast<size_t>(i) % channels];
      image[i] = clipped(mean + factor * (image[i] - mean));
    }
  };
}

Transform normalize(std::vector<double> mean, std::vector<double> deviation) {
  return [mean = std::move(mean), deviation = std::move(deviation)](Tensor& image, RandomStream&) {
    normalize_channels(image, mean, deviation);
  };
}

void normalize_channels(Tensor& images, std::span<const double> mean,
                        std::span<const double> deviation) {
  const size_t channels = mean.size();
  if (images.shape().rank() == 0 || images.shape().back() != static_cast<int64_t>(channels) ||
      deviation.size() != channels) {
    throw ShapeError("[normalize] expects one mean and one deviation per channel of images " +
                     to_string(images.shape()) + ", got " + std::to_string(channels) + " and " +
                     std::to_string(deviation.size()));
  }
  std::vector<real> shift;
  std::vector<real> scale;
  for (size_t c = 0; c < channels; ++c) {
    if (!(deviation[c] > 0)) {
      throw ConfigError("[normalize] expects deviations above 0, got " +
                        std::to_string(deviation[c]));
    }
    shift.push_back(static_cast<real>(mean[c]));
    scale.push_back(static_cast<real>(1 / deviation[c]));
  }
  real* x = images.data();
  for (int64_t pixel = 0; pixel < images.size(); pixel += static_cast<int64_t>(channels)) {
    for (size_t c = 0; c < channels; ++c, ++x) *x = (*x - shift[c]) * scale[c];
  }
}

}  // namespace fracbit::data
