#include "fracbit/data/picture.h"

#include <algorithm>
#include <cmath>

namespace fracbit::data {
namespace {

uint8_t over_white(uint8_t value, uint8_t alpha) {
  return static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

uint8_t luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 299 + rgb[1] * 587 + rgb[2] * 114 + 500) / 1000);
}

// Weights of the input elements first .. first + weights.size() - 1.
struct Window {
  int64_t first = 0;
  std::vector<real> weights;
};

std::vector<Window> windows(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double half = std::max(scale, 1.0);
  std::vector<Window> all;
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale - 0.5;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(std::ceil(centre - half)));
    const int64_t last = std::min(from - 1, static_cast<int64_t>(std::floor(centre + half)));
    std::vector<double> weights;
    double sum = 0;
    for (int64_t k = first; k <= last; ++k) {
      weights.push_back(std::max(0.0, 1 - std::abs(static_cast<double>(k) - centre) / half));
      sum += weights.back();
    }
    Window window{.first = first, .weights = {}};
    for (const double weight : weights) window.weights.push_back(static_cast<real>(weight / sum));
    all.push_back(std::move(window));
  }
  return all;
}

// One row of the picture, reduced or enlarged to the windows' number of pixels.
void resize_row(const uint8_t* row, int64_t channels, const std::vector<Window>& columns,
                real* result) {
  for (const Window& window : columns) {
    for (int64_t c = 0; c < channels; ++c) {
      const uint8_t* from = row + window.first * channels + c;
      real sum = 0;
      for (const real weight : window.weights) {
        sum += weight * static_cast<real>(*from);
        from += channels;
      }
      *result++ = sum / 255;
    }
  }
}

}  // namespace

Picture oriented(const Picture& picture, int orientation) {
  if (orientation <= 1 || orientation > 8) return picture;
  const bool transposed = orientation >= 5;
  const bool flip_rows =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool flip_columns =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  Picture result = picture;
  if (transposed) std::swap(result.height, result.width);
  uint8_t* to = result.bytes.data();
  for (int64_t y = 0; y < result.height; ++y) {
    for (int64_t x = 0; x < result.width; ++x) {
      const int64_t row = transposed ? x : y;
      const int64_t column = transposed ? y : x;
      const int64_t v = flip_rows ? picture.height - 1 - row : row;
      const int64_t u = flip_columns ? picture.width - 1 - column : column;
      const uint8_t* from = picture.bytes.data() + (v * picture.width + u) * picture.channels;
      to = std::copy_n(from, picture.channels, to);
    }
  }
  return result;
}

Picture with_channels(const Picture& picture, int64_t channels) {
  if (picture.channels == channels) return picture;
  const bool colour = picture.channels >= 3;
  const bool alpha = picture.channels % 2 == 0;
  Picture result{
      .height = picture.height, .width = picture.width, .channels = channels, .bytes = {}};
  const int64_t pixels = picture.height * picture.width;
  result.bytes.reserve(static_cast<size_t>(pixels * channels));
  for (int64_t i = 0; i < pixels; ++i) {
    const uint8_t* from = picture.bytes.data() + i * picture.channels;
    const uint8_t opacity = alpha ? from[picture.channels - 1] : uint8_t{255};
    uint8_t rgb[3];
    for (int c = 0; c < 3; ++c) rgb[c] = over_white(from[colour ? c : 0], opacity);
    if (channels == 1) {
      result.bytes.push_back(luma(rgb));
    } else {
      result.bytes.insert(result.bytes.end(), rgb, rgb + 3);
    }
  }
  return result;
}

Tensor resized(const Picture& picture, int64_t height, int64_t width) {
  const std::vector<Window> columns = windows(picture.width, width);
  const std::vector<Window> rows = windows(picture.height, height);
  const int64_t line = width * picture.channels;
  Tensor narrow = Tensor::uninitialized({picture.height, line});
  for (int64_t y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.bytes.data() + y * picture.width * picture.channels;
    resize_row(row, picture.channels, columns, narrow.data() + y * line);
  }
  Tensor result = Tensor::zeros({height, width, picture.channels});
  real* to = result.data();
  for (const Window& window : rows) {
    const real* from = narrow.data() + window.first * line;
    for (const real weight : window.weights) {
      for (int64_t k = 0; k < line; ++k) to[k] += weight * from[k];
      from += line;
    }
    to += line;
  }
  return result;
}

}  // namespace fracbit::data
