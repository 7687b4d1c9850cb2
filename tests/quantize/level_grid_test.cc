// Levels on an integer grid, and weights that share their number of bits: worked examples, bounds.

#include <algorithm>
#include <cmath>
#include <limits>

#include "fracbit/framework/random.h"
#include "fracbit/quantize/granularity.h"
#include "fracbit/quantize/hbnn.h"
#include "fracbit/quantize/level_grid.h"
#include "fracbit/quantize/residual.h"
#include "support/catch.h"

namespace fracbit::tests {
namespace {

using namespace quantize;

constexpr uint64_t kSeed = 17;
constexpr BitShares kShares = {0.7, 0.2, 0.1};

Tensor normal(const Shape& shape, uint32_t stream) {
  Tensor t = Tensor::uninitialized(shape);
  const Random random(kSeed, stream, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < t.size(); ++i) t[i] = static_cast<real>(0.7 * random.normal(i));
  return t;
}

std::vector<int> ints_of(const IntTensor& ints) {
  std::vector<int> all;
  for (int64_t i = 0; i < ints.size(); ++i) all.push_back(ints.at(i));
  return all;
}

// The worked example of HBNN at 70/20/10: mu = 0.637, 0.679, 0.284, S = 1.6.
const Tensor kExample =
    Tensor::from({10}, {0.9f, -0.15f, 0.5f, -1.6f, 0.05f, -0.65f, 1.1f, -0.3f, 0.72f, -0.4f});

TEST_CASE("the worked example of hbnn on both grids") {
  HbnnWeights int8({.shares = kShares, .grid = 127});
  const ScaledInts eight = int8.encode_ints(kExample, Mode::train);
  CHECK(eight.scales[0] == Approx(1.6 / 125.5));  // 0.637, 0.679, 0.284 are 49.96, 53.26, 22.28
  CHECK(ints_of(eight.ints) == std::vector<int>{50, 3, 50, -125, -3, -50, 50, -50, 50, -50});
  HbnnActivations int10(kShares, Heuristic::middle_out, Window::unit, 511);
  const ScaledInts ten = int10.encode_ints(kExample, Mode::train);
  CHECK(ten.scales[0] == Approx(1.6 / 509.5));  // 202.84, 216.22, 90.44
  CHECK(ints_of(ten.ints) == std::vector<int>{203, 13, 203, -509, -13, -203, 203, -203, 203, -203});
}

TEST_CASE("the worked example of residual codes on the int8 grid") {
  // mu = 0.683333, 0.4; S = 1.083333, step 0.00863214: 79.16 and 46.34.
  const Tensor t = Tensor::from({6}, {1, -0.25f, 0.5f, -1.5f, 0.75f, -0.1f});
  Residual quantizer(2, Residual::Groups::one, Window::unit, 127);
  const ScaledInts ints = quantizer.encode_ints(t, Mode::train);
  CHECK(ints.scales[0] == Approx(1.083333 / 125.5));
  CHECK(ints_of(ints.ints) == std::vector<int>{125, -33, 33, -125, 125, -33});
}

TEST_CASE("a grid moves each mu by at most half a step and keeps its range") {
  INFO("seed " << kSeed);
  const Random random(kSeed, 1, 0, Purpose::synthetic_data);
  for (const int range : {127, 511}) {
    for (int64_t terms = 2; terms <= 8; ++terms) {
      Tensor mu = Tensor::zeros({500, terms});
      for (int64_t i = 0; i < mu.size(); ++i) {
        const double scale = std::pow(10, 40 * random.uniform(2 * i / terms) - 30);
        mu[i] = static_cast<real>(random.below(2 * i + 1, 6) == 0 ? 0 : scale * random.uniform(i));
      }
      const GridScales grid = grid_scales(mu, range);
      for (int64_t g = 0; g < 500; ++g) {
        double sum = 0;
        const auto step = static_cast<double>(grid.step[g]);
        for (int64_t n = 0; n < terms; ++n) {
          const auto m = static_cast<double>(grid.m[g * terms + n]);
          CHECK(m == std::floor(m));
          CHECK(std::abs(m * step - static_cast<double>(mu[g * terms + n])) <= step * 0.5000001);
          sum += m;
        }
        CHECK(sum <= range);
      }
    }
  }
}

TEST_CASE("scales without a usable step have the level 0") {
  const real tiny = std::numeric_limits<real>::denorm_min();
  const real huge = std::numeric_limits<real>::infinity();
  const real nan = std::numeric_limits<real>::quiet_NaN();
  const Tensor mu =
      Tensor::from({5, 2}, {0, 0, 190 * tiny, tiny, huge, 1, nan, 1, 1, static_cast<real>(-0.99)});
  const GridScales grid = grid_scales(mu, 127);
  for (real step : grid.step.span()) CHECK(step == 0);
  for (real m : grid.m.span()) CHECK(m == 0);
}

TEST_CASE("signs and masks are those of the float grid") {
  const Tensor t = normal({8, 3, 3, 70}, 2);
  HbnnWeights plain({.shares = kShares});
  HbnnWeights grid({.shares = kShares, .grid = 511});
  const Tensor floats = values(plain.simulate(t, Mode::train));
  const Tensor on_grid = values(grid.simulate(t, Mode::train));
  CHECK(std::ranges::equal(plain.mask(), grid.mask()));
  double most = 0;
  for (int64_t i = 0; i < t.size(); ++i) {
    most = std::max(most, static_cast<double>(std::abs(floats[i] - on_grid[i])));
  }
  const auto step = static_cast<double>(grid.simulate(t, Mode::train).scales[0]);
  CHECK(most <= 1.5001 * step);
  CHECK(most > 0);
}

TEST_CASE("filters are sorted by their mean key, equal ones by index") {
  // mean |w| = 1: keys (0, 0), (1, 1), (0.5, 0.5), (0, 0).
  const Tensor w = Tensor::from({4, 2}, {1, 1, 0, 2, 0.5f, 1.5f, 1, -1});
  HbnnWeights quantizer({.shares = {0.5, 0.25, 0.25}, .granularity = Granularity::filter});
  quantizer.encode(w, Mode::train);
  CHECK(std::ranges::equal(quantizer.mask(), std::vector<uint8_t>{1, 1, 3, 3, 2, 2, 1, 1}));
  CHECK(quantizer.measured_bits() == 1.75);
}

/// Unit of element i of [filters, taps, channels].
int64_t word_of(int64_t i, const Shape& shape) {
  const int64_t f = i / shape.stride0();
  const int64_t tap = i % shape.stride0() / shape.back();
  const int64_t c = i % shape.back();
  const int64_t taps = shape.stride0() / shape.back();
  return (f / 16 * taps + tap) * ((shape.back() + 63) / 64) + c / 64;
}

TEST_CASE("words of 16 filters and 64 channels share a width, also where they are cut") {
  for (const Shape& shape :
       {Shape{17, 3, 3, 65}, Shape{64, 3, 3, 128}, Shape{40, 200}, Shape{1, 1, 1, 1}}) {
    CAPTURE(shape);
    const Tensor w = normal(shape, 3);
    for (const Heuristic heuristic : {Heuristic::middle_out, Heuristic::random}) {
      HbnnWeights quantizer(
          {.shares = kShares, .heuristic = heuristic, .granularity = Granularity::word});
      quantizer.set_random(kSeed, 1, 0);
      quantizer.prepare(shape);
      quantizer.encode(w, Mode::train);
      const auto mask = quantizer.mask();
      std::vector<int> width_of(static_cast<size_t>(unit_count(shape, Granularity::word)));
      CHECK(word_of(w.size() - 1, shape) + 1 == static_cast<int64_t>(width_of.size()));
      bool shared = true;
      std::vector<int64_t> below = {0, 0};
      for (int64_t i = 0; i < w.size(); ++i) {
        const int width = mask[static_cast<size_t>(i)];
        int& known = width_of[static_cast<size_t>(word_of(i, shape))];
        shared = shared && (known == 0 || known == width);
        known = width;
        below[0] += width == 1;
        below[1] += width <= 2;
      }
      CHECK(shared);
      const auto counts = cumulative_counts(kShares, w.size());
      for (size_t k = 0; k < 2; ++k) CHECK(std::abs(below[k] - counts[k]) <= 16 * 64 / 2);
      CHECK(std::abs(quantizer.measured_bits() - 1.4) <= 1024.0 / static_cast<double>(w.size()));
      CHECK(quantizer.stored_bits() >= quantizer.bits());
      CHECK(quantizer.stored_bits() <= quantizer.bits() + 2);
    }
  }
}

TEST_CASE("a unit has the width in whose share its middle element falls") {
  // Four filters of three elements; ascending keys 0, 1, 2, 3.
  const Tensor w = Tensor::from({4, 3}, {3, 3, 3, 4, 4, 4, 1, 1, 1, 0, 0, 0});  // mean 2
  const auto widths = [&](const BitShares& shares) {
    HbnnWeights quantizer(
        {.shares = shares, .heuristic = Heuristic::bottom_up, .granularity = Granularity::filter});
    quantizer.encode(w, Mode::train);
    std::vector<int> of_filter;
    for (size_t f = 0; f < 4; ++f) of_filter.push_back(quantizer.mask()[3 * f]);
    return of_filter;
  };
  // Middles in sorted order: elements 1, 4, 7, 10 (filters 3, 2, 0, 1).
  CHECK(widths({5.0 / 12, 3.0 / 12, 4.0 / 12}) == std::vector<int>{2, 3, 1, 1});
  CHECK(widths({4.0 / 12, 3.0 / 12, 5.0 / 12}) == std::vector<int>{3, 3, 2, 1});
  CHECK(widths({1.0 / 12, 0, 11.0 / 12}) == std::vector<int>{3, 3, 3, 3});
}

}  // namespace
}  // namespace fracbit::tests
