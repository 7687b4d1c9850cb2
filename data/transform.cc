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

/// The colour of a border, one number per channel; black if `fill` is empty.
std::vector<real> border(const Shape& shape, const std::vector<double>& fill) {
  const auto channels = static_cast<size_t>(shape.back());
  if (fill.empty()) return std::vector<real>(channels);
  if (fill.size() != channels) {
    throw ShapeError("[pad_crop] expects a fill of " + std::to_string(channels) +
                     " channels, got " + std::to_string(fill.size()) + " (image " +
                     to_string(shape) + ")");
  }
  return {fill.begin(), fill.end()};
}

real* write_border(const std::vector<real>& colour, int64_t pixels, real* to) {
  for (int64_t p = 0; p < pixels; ++p) to = std::copy(colour.begin(), colour.end(), to);
  return to;
}

/// Pixel (y, x) of the result is pixel (y + dy, x + dx) of the image where there is one, else the
/// colour.
Tensor shifted(const Tensor& image, int64_t dy, int64_t dx, const std::vector<real>& colour) {
  const int64_t height = image.shape()[0], width = image.shape()[1], channels = image.shape()[2];
  const int64_t first = std::clamp<int64_t>(-dx, 0, width);
  const int64_t end = std::clamp<int64_t>(width - dx, first, width);
  Tensor result = Tensor::uninitialized(image.shape());
  real* to = result.data();
  for (int64_t y = 0; y < height; ++y) {
    if (y + dy < 0 || y + dy >= height || first == end) {
      to = write_border(colour, width, to);
      continue;
    }
    const real* row = image.data() + (y + dy) * width * channels;
    to = write_border(colour, first, to);
    to = std::copy(row + (first + dx) * channels, row + (end + dx) * channels, to);
    to = write_border(colour, width - end, to);
  }
  return result;
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
    image = shifted(image, dy, dx, border(image.shape(), fill));
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
  for (const double each : deviation) {
    if (each > 0) continue;
    throw ConfigError("[normalize] expects deviations above 0, got " + std::to_string(each));
  }
  // Those of several pixels, so that the loop is one of vectors.
  constexpr size_t kPixels = 16;
  std::vector<real> shift, scale;
  for (size_t i = 0; i < kPixels * channels; ++i) {
    shift.push_back(static_cast<real>(mean[i % channels]));
    scale.push_back(static_cast<real>(1 / deviation[i % channels]));
  }
  const auto run = static_cast<int64_t>(shift.size());
  const real *shifts = shift.data(), *scales = scale.data();
  for (int64_t i = 0; i < images.size(); i += run) {
    real* x = images.data() + i;
    const int64_t count = std::min(run, images.size() - i);
    for (int64_t k = 0; k < count; ++k) x[k] = (x[k] - shifts[k]) * scales[k];
  }
}

}  // namespace fracbit::data
