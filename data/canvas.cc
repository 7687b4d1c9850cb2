#include "fracbit/data/canvas.h"

#include <algorithm>
#include <cmath>

namespace fracbit::data {
namespace {

struct Interval {
  int first;
  int end;
};

// Pixels that a line from a to b of this radius can reach.
Interval reached(float a, float b, float radius) {
  const float low = std::clamp(std::min(a, b) - radius - 1, 0.0f, float{Canvas::kSide});
  const float high = std::clamp(std::max(a, b) + radius + 2, 0.0f, float{Canvas::kSide});
  return {static_cast<int>(low), static_cast<int>(high)};
}

}  // namespace

Canvas::Canvas(const Colour& from, const Colour& across, const Colour& down) {
  float* pixel = pixels_.data();
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      for (size_t c = 0; c < 3; ++c) {
        *pixel++ = from[c] + (across[c] * static_cast<float>(x) + down[c] * static_cast<float>(y)) /
                                 static_cast<float>(kSide);
      }
    }
  }
}

void Canvas::mark(Point a, Point b, float radius) {
  const Interval rows = reached(a.y, b.y, radius);
  const Interval columns = reached(a.x, b.x, radius);
  const float dx = b.x - a.x;
  const float dy = b.y - a.y;
  const float inverse = 1 / std::max(dx * dx + dy * dy, 1e-6f);
  for (int y = rows.first; y < rows.end; ++y) {
    float* marks = marks_.data() + y * kSide;
    const float py = static_cast<float>(y) - a.y;
    for (int x = columns.first; x < columns.end; ++x) {
      const float px = static_cast<float>(x) - a.x;
      const float along = std::clamp((px * dx + py * dy) * inverse, 0.0f, 1.0f);
      const float ex = px - along * dx;
      const float ey = py - along * dy;
      const float inside = radius + 0.5f - std::sqrt(ex * ex + ey * ey);
      marks[x] = std::max(marks[x], std::min(inside, 1.0f));
    }
  }
}

void Canvas::paint(const Colour& colour, float opacity) {
  float* pixel = pixels_.data();
  for (float& mark : marks_) {
    const float share = mark * opacity;
    for (size_t c = 0; c < 3; ++c) pixel[c] += share * (colour[c] - pixel[c]);
    pixel += 3;
    mark = 0;
  }
}

void Canvas::write(uint8_t* bytes, float noise, RandomStream& random) const {
  const float scale = noise * 2 * 255 / 256;
  const float offset = 0.5f - 127.5f * scale;
  for (size_t i = 0; i < pixels_.size(); i += 4) {
    const uint32_t word = random.word();
    for (size_t k = 0; k < 4; ++k) {
      const auto draw = static_cast<float>(word >> 8 * k & 0xff);
      const float value = pixels_[i + k] * 255 + draw * scale + offset;
      bytes[i + k] = static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f));
    }
  }
}

}  // namespace fracbit::data
