#include "fracbit/data/transform.h"

#include <map>
#include <set>

#include "support.h"

namespace fracbit {
namespace {

Tensor ramp(const Shape& shape) {
  Tensor image = Tensor::uninitialized(shape);
  for (int64_t i = 0; i < image.size(); ++i) {
    image[i] = static_cast<real>(i + 1) / static_cast<real>(image.size() + 1);
  }
  return image;
}

data::RandomStream stream(uint64_t sample) {
  return {5, 0, sample, Purpose::augment};
}

Tensor transformed(const data::Transform& transform, Tensor image, uint64_t sample) {
  data::RandomStream random = stream(sample);
  transform(image, random);
  return image;
}

bool equal(const Tensor& a, const Tensor& b) {
  return std::equal(a.span().begin(), a.span().end(), b.data());
}

// The window of the padded image at (top, left).
Tensor window(const Tensor& image, int64_t pad, int64_t top, int64_t left, real fill) {
  Tensor result = image;
  const int64_t h = image.shape()[0];
  const int64_t w = image.shape()[1];
  for (int64_t y = 0; y < h; ++y) {
    for (int64_t x = 0; x < w; ++x) {
      const int64_t v = y + top - pad;
      const int64_t u = x + left - pad;
      for (int64_t c = 0; c < 2; ++c) {
        const bool inside = v >= 0 && v < h && u >= 0 && u < w;
        result[(y * w + x) * 2 + c] = inside ? image[(v * w + u) * 2 + c] : fill;
      }
    }
  }
  return result;
}

}  // namespace

TEST_CASE("pad_crop: every window of the padded image comes, and nothing else") {
  const Tensor image = ramp({4, 3, 2});
  for (const double fill : {0.0, 0.25}) {
    std::map<std::pair<int64_t, int64_t>, int> seen;
    const std::vector<double> colour(fill == 0 ? 0 : 2, fill);
    for (uint64_t sample = 0; sample < 500; ++sample) {
      const Tensor cropped = transformed(data::pad_crop(2, colour), image, sample);
      int matches = 0;
      for (int64_t top = 0; top <= 4; ++top) {
        for (int64_t left = 0; left <= 4; ++left) {
          if (!equal(cropped, window(image, 2, top, left, static_cast<real>(fill)))) continue;
          ++seen[{top, left}];
          ++matches;
        }
      }
      CHECK(matches == 1);
    }
    CHECK(seen.size() == 25);
  }
}

TEST_CASE("pad_crop: padding wider than the image can leave only the border") {
  std::set<bool> empty;
  for (uint64_t sample = 0; sample < 50; ++sample) {
    const Tensor cropped = transformed(data::pad_crop(9), ramp({2, 2, 1}), sample);
    empty.insert(equal(cropped, Tensor::zeros({2, 2, 1})));
  }
  CHECK(empty.size() == 2);
}

TEST_CASE("flip_lr: half of the images are mirrored") {
  const Tensor image = ramp({2, 3, 2});
  Tensor mirror = image;
  for (int64_t y = 0; y < 2; ++y) {
    for (int64_t x = 0; x < 3; ++x) {
      for (int64_t c = 0; c < 2; ++c) {
        mirror[(y * 3 + x) * 2 + c] = image[(y * 3 + 2 - x) * 2 + c];
      }
    }
  }
  int mirrored = 0;
  for (uint64_t sample = 0; sample < 400; ++sample) {
    const Tensor result = transformed(data::flip_lr(), image, sample);
    const bool flipped = equal(result, mirror);
    CHECK((flipped || equal(result, image)));
    mirrored += flipped;
  }
  CHECK(mirrored > 150);
  CHECK(mirrored < 250);
}

TEST_CASE("brightness: one shift per image, within the range and clipped to 0..1") {
  const Tensor image = ramp({3, 3, 1});
  std::set<real> shifts;
  for (uint64_t sample = 0; sample < 100; ++sample) {
    const Tensor result = transformed(data::brightness(0.4), image, sample);
    const real shift = result[4] - image[4];
    CHECK(std::abs(shift) <= 0.4);
    for (int64_t i = 0; i < image.size(); ++i) {
      CHECK(result[i] == Approx(std::clamp<real>(image[i] + shift, 0, 1)).margin(1e-6));
    }
    shifts.insert(shift);
  }
  CHECK(shifts.size() > 90);
}

TEST_CASE("contrast: one factor per image, about the mean of each channel") {
  Tensor image = ramp({2, 2, 2});
  for (real& x : image.span()) x = static_cast<real>(0.3) + x * static_cast<real>(0.4);
  for (uint64_t sample = 0; sample < 50; ++sample) {
    const Tensor result = transformed(data::contrast(0.5, 1.5), image, sample);
    std::set<int64_t> factors;
    for (int64_t c = 0; c < 2; ++c) {
      const real mean = (image[c] + image[2 + c] + image[4 + c] + image[6 + c]) / 4;
      for (int64_t i = c; i < 8; i += 2) {
        const real factor = (result[i] - mean) / (image[i] - mean);
        CHECK(factor >= 0.49);
        CHECK(factor <= 1.51);
        factors.insert(std::lround(factor * 1000));
      }
    }
    CHECK(*factors.rbegin() - *factors.begin() <= 1);
  }
  const Tensor extreme = transformed(data::contrast(50, 50), ramp({4, 4, 1}), 0);
  CHECK(*std::min_element(extreme.span().begin(), extreme.span().end()) == 0);
  CHECK(*std::max_element(extreme.span().begin(), extreme.span().end()) == 1);
}

TEST_CASE("normalize: per channel") {
  const Tensor result = transformed(data::normalize({0.5, 0.25}, {0.5, 0.125}), ramp({1, 2, 2}), 0);
  const std::vector<double> expected = {-0.6, 1.2, 0.2, 4.4};
  for (int64_t i = 0; i < 4; ++i) {
    CHECK(result[i] == Approx(expected[static_cast<size_t>(i)]).epsilon(1e-5));
  }
}

TEST_CASE("compose: in order, from one stream") {
  const Tensor image = ramp({4, 4, 1});
  const Tensor composed =
      transformed(data::compose({data::brightness(0.5), data::flip_lr()}), image, 3);
  data::RandomStream random = stream(3);
  Tensor expected = image;
  data::brightness(0.5)(expected, random);
  data::flip_lr()(expected, random);
  CHECK(equal(composed, expected));
}

TEST_CASE("transforms: what they cannot do is refused") {
  CHECK_THROWS_AS(data::pad_crop(-1), ConfigError);
  CHECK_THROWS_AS(data::brightness(-0.1), ConfigError);
  CHECK_THROWS_AS(data::contrast(-0.5, 1), ConfigError);
  CHECK_THROWS_AS(data::contrast(1.5, 1), ConfigError);
  const Tensor image = ramp({2, 2, 2});
  CHECK_THROWS_AS(transformed(data::normalize({0.5}, {0.5}), image, 0), ShapeError);
  CHECK_THROWS_AS(transformed(data::normalize({0.5, 0.5}, {0.5, 0}), image, 0), ConfigError);
  CHECK_THROWS_AS(transformed(data::pad_crop(1, {0.5}), image, 0), ShapeError);
  CHECK_THROWS_AS(transformed(data::pad_crop(1), ramp({2, 2}), 0), ShapeError);
  CHECK_THROWS_AS(transformed(data::flip_lr(), ramp({2, 2}), 0), ShapeError);
  CHECK_THROWS_AS(transformed(data::contrast(1, 2), ramp({2, 2}), 0), ShapeError);
}

}  // namespace fracbit
