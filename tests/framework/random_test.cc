#include "fracbit/framework/random.h"

#include <cmath>

#include "support/catch.h"

using namespace fracbit;

TEST_CASE("philox gives the published known answers") {
  CHECK(philox({0, 0, 0, 0}, {0, 0}) ==
        std::array<uint32_t, 4>{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  CHECK(philox({0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu}, {0xffffffffu, 0xffffffffu}) ==
        std::array<uint32_t, 4>{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
}

TEST_CASE("draws stay in range and differ by purpose, step and stream") {
  const Random random(7, 1, 5, Purpose::dropout);
  double mean = 0;
  double square = 0;
  constexpr int kCount = 20000;
  for (int i = 0; i < kCount; ++i) {
    const double u = random.uniform(i);
    REQUIRE((u >= 0 && u < 1));
    const double noise = random.noise(i);
    REQUIRE((noise > -0.5 && noise < 0.5));
    const double z = random.normal(i);
    mean += z / kCount;
    square += z * z / kCount;
  }
  CHECK(std::abs(mean) < 0.03);
  CHECK(std::abs(square - 1) < 0.05);
  CHECK(random.word(0) != Random(7, 1, 6, Purpose::dropout).word(0));
  CHECK(random.word(0) != Random(7, 2, 5, Purpose::dropout).word(0));
  CHECK(random.word(0) != Random(7, 1, 5, Purpose::shuffle).word(0));
  CHECK(random.word(0) != Random(8, 1, 5, Purpose::dropout).word(0));
}
