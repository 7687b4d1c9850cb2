// Weight gradients of dense layers: the bits of the definition on every instruction set.

#include "fracbit/framework/kernels/outer/outer.h"

#include <cmath>
#include <string>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/random.h"
#include "support/catch.h"

namespace {

namespace outer = fracbit::kernels::outer;
using fracbit::real;

std::vector<real> integers(uint64_t seed, int64_t n, int64_t most) {
  const fracbit::Random random(seed, 0, 0, fracbit::Purpose::synthetic_data);
  std::vector<real> made;
  for (int64_t i = 0; i < n; ++i) {
    made.push_back(static_cast<real>(std::round(random.normal(i) * static_cast<double>(most) / 4)));
  }
  return made;
}

struct Case {
  int64_t samples, filters, channels;
};

}  // namespace

TEST_CASE("dense outer products have the bits of their definition on every instruction set") {
  for (const Case& c : {Case{1, 1, 1}, {3, 6, 32}, {7, 13, 100}, {2, 12, 16}, {64, 5, 67}}) {
    const int64_t row = (c.channels + 63) / 64 * 64;
    const std::vector<real> x = integers(1, c.samples * row, 32767);
    const std::vector<real> g = integers(2, c.samples * c.filters, 255);
    const std::vector<real> scale = integers(3, c.samples, 9);
    const real last = static_cast<real>(0.37);
    for (const fracbit::Isa isa : fracbit::supported_isas()) {
      INFO(isa_name(isa) << " " << c.samples << " " << c.filters << " " << c.channels);
      std::vector<real> y(static_cast<size_t>(c.filters * (c.channels + 1)), 5);
      outer::find(std::string(isa_name(isa)).c_str())({c.samples, scale.data(), g.data(), c.filters,
                                                       c.filters, x.data(), row, c.channels, last,
                                                       y.data(), c.channels + 1});
      for (int64_t f = 0; f < c.filters; ++f) {
        for (int64_t k = 0; k < c.channels; ++k) {
          real sum = 0;
          for (int64_t b = 0; b < c.samples; ++b) {
            const auto at = static_cast<size_t>(b);
            sum = std::fma(scale[at],
                           g[at * static_cast<size_t>(c.filters) + static_cast<size_t>(f)] *
                               x[static_cast<size_t>(b * row + k)],
                           sum);
          }
          REQUIRE(y[static_cast<size_t>(f * (c.channels + 1) + k)] == sum * last);
        }
        REQUIRE(y[static_cast<size_t>(f * (c.channels + 1) + c.channels)] == 5);
      }
    }
  }
}
