// Steps of optimizers: the formula in the same order gives the same bits on every instruction set.

#include "fracbit/framework/kernels/update/update.h"

#include <cmath>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/random.h"
#include "support/catch.h"

namespace {

namespace update = fracbit::kernels::update;
using fracbit::real;

constexpr int64_t kCount = 77;  // whole vectors and some left

std::vector<real> numbers(uint64_t seed) {
  const fracbit::Random random(seed, 0, 0, fracbit::Purpose::synthetic_data);
  std::vector<real> made;
  for (int64_t i = 0; i < kCount; ++i) made.push_back(static_cast<real>(random.normal(i)));
  return made;
}

std::vector<real> squares(uint64_t seed) {
  std::vector<real> made = numbers(seed);
  for (real& v : made) v *= v;
  return made;
}

template <typename Check>
void for_each_isa(const Check& check) {
  for (const fracbit::Isa isa : fracbit::supported_isas()) {
    INFO(isa_name(isa));
    check(update::find(isa_name(isa).data()));
  }
}

}  // namespace

TEST_CASE("steps of gradient descent are the formula, to the bit") {
  const update::SgdRates r{real(0.1), real(0.9), real(0.01)};
  const std::vector<real> g = numbers(2);
  for_each_isa([&](const update::Kernels& kernels) {
    std::vector<real> w = numbers(1);
    kernels.sgd(w.data(), g.data(), kCount, r);
    for (size_t i = 0; i < w.size(); ++i) {
      const real before = numbers(1)[i];
      REQUIRE(w[i] == before - r.lr * (g[i] + r.weight_decay * before));
    }
    for (const bool nesterov : {false, true}) {
      std::vector<real> v = numbers(3);
      w = numbers(1);
      (nesterov ? kernels.nesterov : kernels.momentum)(w.data(), g.data(), v.data(), kCount, r);
      for (size_t i = 0; i < w.size(); ++i) {
        const real before = numbers(1)[i];
        const real d = g[i] + r.weight_decay * before;
        const real moved = r.momentum * numbers(3)[i] + d;
        REQUIRE(v[i] == moved);
        REQUIRE(w[i] == before - r.lr * (nesterov ? d + r.momentum * moved : moved));
      }
    }
  });
}

TEST_CASE("steps of Adam are the formula, to the bit") {
  const update::AdamRates r{.step_size = real(0.01),
                            .shrink = real(0.999),
                            .l2 = real(0.02),
                            .beta1 = real(0.9),
                            .beta2 = real(0.99),
                            .fresh1 = real(0.1),
                            .fresh2 = real(0.01),
                            .second_scale = real(0.3),
                            .epsilon = real(1e-8)};
  const std::vector<real> g = numbers(2);
  for_each_isa([&](const update::Kernels& kernels) {
    std::vector<real> w = numbers(1), m = numbers(3), v = squares(4);
    kernels.adam(w.data(), g.data(), m.data(), v.data(), kCount, r);
    for (size_t i = 0; i < w.size(); ++i) {
      const real before = numbers(1)[i];
      const real d = g[i] + r.l2 * before;
      const real first = r.beta1 * numbers(3)[i] + r.fresh1 * d;
      const real second = r.beta2 * squares(4)[i] + r.fresh2 * d * d;
      REQUIRE(m[i] == first);
      REQUIRE(v[i] == second);
      REQUIRE(w[i] == r.shrink * before -
                          r.step_size * first / (std::sqrt(second) / r.second_scale + r.epsilon));
    }
  });
}
