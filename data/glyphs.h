#pragma once

#include <span>

namespace fracbit::data {

/// A point of a glyph, in a box 60 wide and 100 high, y downwards.
struct GlyphPoint {
  signed char x;
  signed char y;
};

/// Points joined by straight strokes.
using GlyphStroke = std::span<const GlyphPoint>;

/// The strokes of a digit 0..9 in one of its `kGlyphStyles` styles, such as a 7 with a bar.
constexpr int kGlyphStyles = 2;
std::span<const GlyphStroke> glyph(int digit, int style);

}  // namespace fracbit::data
