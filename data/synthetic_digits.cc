#include <algorithm>

#include "fracbit/data/canvas.h"
#include "fracbit/data/data.h"
#include "fracbit/data/glyphs.h"
#include "fracbit/data/memory_dataset.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::data::catalogue {
namespace {

constexpr int64_t kTrain = 20000;
constexpr int64_t kTest = 4000;

float uniform(RandomStream& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

Colour random_colour(RandomStream& random, double low, double high) {
  return {uniform(random, low, high), uniform(random, low, high), uniform(random, low, high)};
}

// A colour that is lighter than `base`, or darker, by up to `contrast` in every channel; mostly
// towards the side with more room.
Colour against(const Colour& base, float contrast, RandomStream& random) {
  const bool dark = base[0] + base[1] + base[2] < 1.5f;
  const bool lighter = dark != (random.below(5) == 0);
  Colour colour = base;
  for (float& channel : colour) {
    const float step = contrast * uniform(random, 0.5, 1);
    channel = std::clamp(channel + (lighter ? step : -step), 0.0f, 1.0f);
  }
  return colour;
}

// From the box of a glyph to pixels: size, slant, turn, place.
struct Pose {
  float xx, xy, yx, yy;  // pixel = matrix * (glyph point - middle) + centre
  Point centre;
  float height;
  float radius;  // of the stroke

  Point operator()(float x, float y) const {
    return {xx * x + xy * y + centre.x, yx * x + yy * y + centre.y};
  }
};

Pose random_pose(RandomStream& random) {
  const float height = uniform(random, 17, 26);
  const float aspect = uniform(random, 0.7, 1.15);
  const float slant = uniform(random, -0.25, 0.25);
  // Sine and cosine of an angle of up to 0.2 radians, from the tangent of its half.
  const float tangent = uniform(random, -0.1, 0.1);
  const float square = 1 + tangent * tangent;
  const float cosine = (2 - square) / square;
  const float sine = 2 * tangent / square;
  const Point centre = {uniform(random, 13, 18), uniform(random, 13, 18)};
  const float radius = height * uniform(random, 0.04, 0.09);
  const float sx = aspect * height;
  return {.xx = cosine * sx,
          .xy = cosine * slant * height - sine * height,
          .yx = sine * sx,
          .yy = sine * slant * height + cosine * height,
          .centre = centre,
          .height = height,
          .radius = radius};
}

void mark_digit(Canvas& canvas, int digit, const Pose& pose, RandomStream& random) {
  constexpr double kWobble = 0.03;  // of the height
  const auto style = static_cast<int>(random.below(kGlyphStyles));
  for (const GlyphStroke stroke : glyph(digit, style)) {
    Point last{};
    for (size_t i = 0; i < stroke.size(); ++i) {
      const float x =
          static_cast<float>(stroke[i].x - 30) / 100 + uniform(random, -kWobble, kWobble);
      const float y =
          static_cast<float>(stroke[i].y - 50) / 100 + uniform(random, -kWobble, kWobble);
      const Point point = pose(x, y);
      if (i > 0) canvas.mark(last, point, pose.radius);
      last = point;
    }
  }
}

// Lines and blobs behind the digits.
void paint_clutter(Canvas& canvas, const Colour& background, RandomStream& random) {
  const int64_t shapes = random.below(3);
  for (int64_t i = 0; i < shapes; ++i) {
    const Point a = {uniform(random, -4, 36), uniform(random, -4, 36)};
    const bool line = random.below(2) == 0;
    const Point b = line ? Point{uniform(random, -4, 36), uniform(random, -4, 36)} : a;
    canvas.mark(a, b, line ? uniform(random, 0.4, 1.6) : uniform(random, 1, 6));
    const Colour colour = against(background, uniform(random, 0.05, 0.4), random);
    canvas.paint(colour, uniform(random, 0.3, 1));
  }
}

// Digits left and right of the one that counts, cut by the border as in a house number.
void mark_neighbours(Canvas& canvas, const Pose& pose, RandomStream& random) {
  for (const float side : {-1.0f, 1.0f}) {
    if (random.below(2) == 0) continue;
    Pose beside = pose;
    const float distance = side * uniform(random, 0.85, 1.15);
    beside.centre.x += distance * std::max(pose.xx, 12.0f);
    beside.centre.y += distance * pose.yx;
    mark_digit(canvas, static_cast<int>(random.below(10)), beside, random);
  }
}

int draw(uint8_t* bytes, RandomStream& random) {
  const auto digit = static_cast<int>(random.below(10));
  const Colour background = random_colour(random, 0.05, 0.95);
  const Colour across = random_colour(random, -0.2, 0.2);
  const Colour down = random_colour(random, -0.2, 0.2);
  Canvas canvas(background, across, down);
  paint_clutter(canvas, background, random);
  const Colour ink = against(background, uniform(random, 0.3, 1), random);
  const Pose pose = random_pose(random);
  mark_neighbours(canvas, pose, random);
  mark_digit(canvas, digit, pose, random);
  canvas.paint(ink, 1);
  canvas.write(bytes, uniform(random, 0.01, 0.07), random);
  return digit;
}

std::shared_ptr<const Dataset> open(const Entry& self, const OpenOptions& options) {
  const bool train = options.split == "train";
  const int64_t whole = train ? kTrain : kTest;
  const int64_t count = options.limit == 0 ? whole : std::min(options.limit, whole);
  std::vector<uint8_t> pixels(static_cast<size_t>(count * Canvas::kBytes));
  std::vector<uint8_t> labels(static_cast<size_t>(count));
  parallel_for(count, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      RandomStream random(options.seed, train ? 0 : 1, static_cast<uint64_t>(i),
                          Purpose::synthetic_data);
      const int digit = draw(pixels.data() + i * Canvas::kBytes, random);
      labels[static_cast<size_t>(i)] = static_cast<uint8_t>(digit);
    }
  });
  return std::make_shared<MemoryDataset>(self.info, std::move(pixels), std::move(labels));
}

}  // namespace

const Entry& synthetic_digits() {
  static const Entry entry = {
      .name = "synthetic-digits",
      .summary =
          "drawn digits in the manner of house numbers, 32x32 colour, 20000 train + 4000 test",
      .source = "",
      .paper = "",
      .files = {},
      .folder = "",
      .info = {.name = "synthetic-digits",
               .image_shape = {Canvas::kSide, Canvas::kSide, 3},
               .class_names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
               .mean = {0.5, 0.5, 0.5},
               .deviation = {0.285, 0.285, 0.285}},
      .open = open};
  return entry;
}

}  // namespace fracbit::data::catalogue
