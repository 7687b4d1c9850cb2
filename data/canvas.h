#pragma once

#include <array>
#include <cstdint>

#include "fracbit/data/random_stream.h"

namespace fracbit::data {

/// Red, green, blue in 0..1.
using Colour = std::array<float, 3>;

/// A position in pixels; the middle of the first pixel is (0, 0), y downwards.
struct Point {
  float x;
  float y;
};

/// A small colour picture that is drawn on with smooth edges. Uses only + - * / and square roots,
/// which are exact to the last bit everywhere, so a picture depends on its strokes alone.
class Canvas {
 public:
  static constexpr int kSide = 32;
  static constexpr int kBytes = kSide * kSide * 3;

  /// A background that changes linearly from `from` in one corner by `across` and `down`.
  Canvas(const Colour& from, const Colour& across, const Colour& down);

  /// Marks the points nearer than `radius` to the line from a to b; a == b gives a disc.
  void mark(Point a, Point b, float radius);
  /// Paints what was marked and forgets the marks.
  void paint(const Colour& colour, float opacity);
  /// Bytes [32, 32, 3], with uniform noise of +- `noise` added, from the stream.
  void write(uint8_t* bytes, float noise, RandomStream& random) const;

 private:
  std::array<float, kBytes> pixels_;
  std::array<float, kSide * kSide> marks_{};
};

}  // namespace fracbit::data
