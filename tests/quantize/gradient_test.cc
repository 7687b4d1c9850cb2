// The quantizer of gradients.

#include <cmath>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/gradient.h"
#include "support/catch.h"
#include "vectors.h"

namespace fracbit::tests {
namespace {

using quantize::GradientQuantizer;

constexpr uint64_t kSeed = 12;

Tensor gradient(const Shape& shape, double scale) {
  Tensor g = Tensor::uninitialized(shape);
  const Random random(kSeed, 0, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < g.size(); ++i) g[i] = static_cast<real>(scale * random.normal(i));
  return g;
}

Random noise(uint64_t step) {
  return {kSeed, 1, step, Purpose::gradient_noise};
}

TEST_CASE("packed gradients decode to the simulated ones, for any number of threads") {
  const Tensor g = gradient({5, 9, 9, 67}, 1e-3);
  for (int bits = 1; bits <= GradientQuantizer::kMostBits; ++bits) {
    INFO(bits << " bits");
    const GradientQuantizer quantizer(bits);
    set_threads(1);
    const ScaledLevels fake = quantizer.simulate(g, noise(0));
    for (int count : {1, 2, 3, 8}) {
      set_threads(count);
      const ScaledLevels decoded = decode(quantizer.encode(g, noise(0)));
      check_equal(decoded.scales, fake.scales);
      CHECK(std::equal(decoded.levels.span().begin(), decoded.levels.span().end(),
                       fake.levels.span().begin()));
    }
    set_threads(0);
    const real top = static_cast<real>((1 << bits) - 1);
    for (real level : fake.levels.span()) CHECK_FALSE(std::abs(level) > top);
  }
}

TEST_CASE("gradients as bytes stand for the simulated ones; more bits than a byte are refused") {
  const Tensor g = gradient({5, 7, 3, 67}, 1e-3);
  for (int bits = 1; bits <= GradientQuantizer::kByteBits; ++bits) {
    const GradientQuantizer quantizer(bits);
    check_equal(values(quantizer.codes(g, noise(2))), values(quantizer.simulate(g, noise(2))));
  }
  CHECK(GradientQuantizer(4).codes(Tensor::zeros({0, 3}), noise(2)).codes.size() == 0);
  CHECK_THROWS_AS(GradientQuantizer(9).codes(g, noise(2)), ConfigError);
}

TEST_CASE("given noise and drawn noise are the same arithmetic") {
  const Tensor g = gradient({3, 50}, 2);
  const Random random = noise(4);
  std::vector<double> sigma;
  for (int64_t i = 0; i < g.size(); ++i) sigma.push_back(random.noise(i));
  const GradientQuantizer quantizer(4);
  check_equal(quantizer.simulate(g, sigma).levels, quantizer.simulate(g, random).levels);
  sigma.pop_back();
  CHECK_THROWS_AS(quantizer.simulate(g, sigma), ShapeError);
}

TEST_CASE("the mean over the noise is the gradient") {
  const Tensor g = gradient({2, 12}, 0.05);
  constexpr int kDraws = 4000;
  for (int bits : {1, 2, 4, 8}) {
    INFO(bits << " bits, seed " << kSeed);
    const GradientQuantizer quantizer(bits);
    std::vector<double> mean(static_cast<size_t>(g.size()));
    double step = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      const ScaledLevels q = quantizer.simulate(g, noise(static_cast<uint64_t>(draw)));
      step = 2 * static_cast<double>(std::max(q.scales[0], q.scales[1]));
      const Tensor y = values(q);
      for (int64_t i = 0; i < g.size(); ++i) {
        mean[static_cast<size_t>(i)] += static_cast<double>(y[i]) / kDraws;
      }
    }
    // A value between two levels deviates by at most half a step; five standard errors.
    const double margin = 5 * step / 2 / std::sqrt(kDraws);
    for (int64_t i = 0; i < g.size(); ++i) {
      CHECK(mean[static_cast<size_t>(i)] == Approx(static_cast<double>(g[i])).margin(margin));
    }
  }
}

TEST_CASE("a sample keeps its own scale; zeros stay zero; denormals and no samples are taken") {
  const GradientQuantizer quantizer(3);
  const real tiny = std::numeric_limits<real>::denorm_min();
  const Tensor g = Tensor::from({4, 2}, {0, 0, 14, -7, 8 * tiny, -16 * tiny, 0, -28});
  const ScaledLevels q = quantizer.simulate(g, std::vector<double>(8, 0.0));
  check_equal(q.scales, Tensor::from({4}, {0, 2, q.scales[2], 4}));
  const Tensor y = values(q);
  CHECK(y[0] == 0);
  CHECK(y[2] == 14);
  CHECK(y[7] == -28);
  CHECK(std::isfinite(y[4]));
  CHECK(q.levels[5] == -7);
  CHECK(quantizer.encode(Tensor::zeros({0, 3}), noise(0)).scales.empty());
  const real nan = std::numeric_limits<real>::quiet_NaN();
  CHECK(quantizer.encode(Tensor::from({1, 2}, {nan, 1}), noise(0)).bits.rows() == 1);
}

}  // namespace
}  // namespace fracbit::tests
