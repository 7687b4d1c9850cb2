#include "fracbit/framework/shape.h"

#include "fracbit/framework/error.h"
#include "support/catch.h"

using namespace fracbit;

TEST_CASE("a shape counts, prints and compares") {
  const Shape shape{8, 32, 32, 64};
  CHECK(shape.size() == 8 * 32 * 32 * 64);
  CHECK(shape.stride0() == 32 * 32 * 64);
  CHECK(shape[-1] == 64);
  CHECK(to_string(shape) == "[8, 32, 32, 64]");
  CHECK(shape.with(0, 2) == Shape{2, 32, 32, 64});
  CHECK(Shape{}.size() == 1);
}

TEST_CASE("a shape refuses what it cannot hold") {
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1}), ShapeError);
  CHECK_THROWS_AS((Shape{-1}), ShapeError);
  CHECK_THROWS_AS((Shape{int64_t{1} << 40, int64_t{1} << 40}), ShapeError);
  CHECK_THROWS_AS((Shape{2, 3}[2]), ShapeError);
}
