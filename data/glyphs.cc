#include "fracbit/data/glyphs.h"

#include <array>

namespace fracbit::data {
namespace {

constexpr GlyphPoint kZero[] = {{30, 2},  {46, 8}, {56, 28}, {58, 50}, {56, 72}, {46, 92}, {30, 98},
                                {14, 92}, {4, 72}, {2, 50},  {4, 28},  {14, 8},  {30, 2}};
constexpr GlyphPoint kOne[] = {{12, 24}, {33, 2}, {33, 98}};
constexpr GlyphPoint kOneBase[] = {{14, 98}, {52, 98}};
constexpr GlyphPoint kTwo[] = {{4, 26},  {10, 10}, {24, 2},  {40, 3}, {52, 12},
                               {55, 28}, {48, 44}, {30, 66}, {4, 98}, {58, 98}};
constexpr GlyphPoint kThree[] = {{6, 14},  {18, 4},  {34, 2},  {48, 10}, {51, 25},
                                 {44, 40}, {26, 47}, {46, 53}, {55, 68}, {52, 84},
                                 {38, 96}, {20, 98}, {4, 88}};
constexpr GlyphPoint kThreeFlat[] = {{5, 3},   {52, 3},  {26, 40}, {44, 46}, {55, 62},
                                     {53, 82}, {38, 96}, {20, 98}, {4, 88}};
constexpr GlyphPoint kFour[] = {{44, 98}, {44, 2}, {3, 66}, {58, 66}};
constexpr GlyphPoint kFourOpen[] = {{10, 2}, {5, 56}, {57, 56}};
constexpr GlyphPoint kFourStem[] = {{44, 28}, {44, 98}};
constexpr GlyphPoint kFive[] = {{52, 3},  {12, 3},  {8, 44},  {24, 37}, {40, 39}, {53, 52},
                                {55, 70}, {48, 88}, {32, 98}, {16, 97}, {3, 88}};
constexpr GlyphPoint kSix[] = {{48, 5},  {32, 8},  {16, 24}, {6, 48},  {4, 70},  {10, 88}, {24, 98},
                               {40, 97}, {53, 86}, {56, 70}, {50, 54}, {36, 46}, {20, 48}, {7, 60}};
constexpr GlyphPoint kSeven[] = {{4, 3}, {56, 3}, {24, 98}};
constexpr GlyphPoint kSevenBar[] = {{18, 50}, {54, 50}};
constexpr GlyphPoint kEightTop[] = {{30, 48}, {16, 42}, {9, 25},  {16, 8}, {30, 2},
                                    {44, 8},  {51, 25}, {44, 42}, {30, 48}};
constexpr GlyphPoint kEightBottom[] = {{30, 48}, {48, 56}, {56, 73}, {48, 91}, {30, 98},
                                       {12, 91}, {4, 73},  {12, 56}, {30, 48}};
constexpr GlyphPoint kNine[] = {{12, 95}, {28, 92}, {44, 76}, {54, 52}, {56, 30},
                                {50, 12}, {36, 2},  {20, 3},  {7, 14},  {4, 30},
                                {10, 46}, {24, 54}, {40, 52}, {53, 40}};
constexpr GlyphPoint kNineStraight[] = {{56, 30}, {50, 12}, {36, 2},  {20, 3},  {7, 14}, {4, 30},
                                        {10, 46}, {24, 54}, {40, 52}, {56, 30}, {54, 98}};

constexpr GlyphStroke kStrokes[] = {
    kZero, kOne, kOneBase, kTwo,      kThree,    kThreeFlat,   kFour, kFourOpen,    kFourStem,
    kFive, kSix, kSeven,   kSevenBar, kEightTop, kEightBottom, kNine, kNineStraight};

struct Range {
  size_t first;
  size_t count;
};

// Strokes of kStrokes per digit and style.
constexpr Range kDigits[10][kGlyphStyles] = {
    {{0, 1}, {0, 1}},   {{1, 1}, {1, 2}},  {{3, 1}, {3, 1}},   {{4, 1}, {5, 1}},
    {{6, 1}, {7, 2}},   {{9, 1}, {9, 1}},  {{10, 1}, {10, 1}}, {{11, 1}, {11, 2}},
    {{13, 2}, {13, 2}}, {{15, 1}, {16, 1}}};

}  // namespace

std::span<const GlyphStroke> glyph(int digit, int style) {
  const Range& range = kDigits[digit][style];
  return std::span(kStrokes).subspan(range.first, range.count);
}

}  // namespace fracbit::data
