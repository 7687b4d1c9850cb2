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

int64_t panel_room(int64_t samples, int64_t columns) {
  return (columns + outer::kPanel - 1) / outer::kPanel * samples * outer::kPanel;
}

real at(const std::vector<real>& panels, int64_t samples, int64_t b, int64_t column) {
  const int64_t sample = column / outer::kPanel * samples + b;
  return panels[static_cast<size_t>(sample * outer::kPanel + column % outer::kPanel)];
}

struct Case {
  int64_t samples, filters, channels;
};

}  // namespace

TEST_CASE("dense outer products have the bits of their definition on every instruction set") {
  for (const Case& c : {Case{1, 1, 1}, {3, 6, 32}, {7, 13, 100}, {2, 12, 16}, {64, 75, 167}}) {
    const std::vector<real> x = integers(1, panel_room(c.samples, c.channels), 32767);
    std::vector<real> g = integers(2, panel_room(c.samples, c.filters), 255);
    for (real& each : g) each *= static_cast<real>(0.013);
    const real last = static_cast<real>(0.37);
    for (const fracbit::Isa isa : fracbit::supported_isas()) {
      INFO(isa_name(isa) << " " << c.samples << " " << c.filters << " " << c.channels);
      std::vector<real> y(static_cast<size_t>(c.filters * (c.channels + 1)), 5);
      const outer::Kernel product = outer::find(std::string(isa_name(isa)).c_str());
      product(
          {c.samples, g.data(), c.filters, x.data(), c.channels, last, y.data(), c.channels + 1});
      for (int64_t f = 0; f < c.filters; ++f) {
        for (int64_t k = 0; k < c.channels; ++k) {
          real sum = 0;
          for (int64_t b = 0; b < c.samples; ++b) {
            sum = std::fma(at(g, c.samples, b, f), at(x, c.samples, b, k), sum);
          }
          REQUIRE(y[static_cast<size_t>(f * (c.channels + 1) + k)] == sum * last);
        }
        REQUIRE(y[static_cast<size_t>(f * (c.channels + 1) + c.channels)] == 5);
      }
    }
  }
}
