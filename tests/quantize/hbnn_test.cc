// Masks, selection in linear time, and the running statistics of hbnn.

#include <cmath>
#include <map>
#include <numeric>

#include "fracbit/framework/parallel.h"
#include "fracbit/framework/random.h"
#include "fracbit/quantize/hbnn.h"
#include "support/catch.h"
#include "vectors.h"

namespace fracbit::tests {
namespace {

using quantize::BitShares;
using quantize::HbnnActivations;
using quantize::HbnnWeights;
using quantize::Heuristic;
using quantize::Mode;

constexpr uint64_t kSeed = 13;
constexpr BitShares kShares = {0.7, 0.2, 0.1};

/// Normal values, rounded to multiples of `grid` (0: not at all).
Tensor rounded_normal(int64_t n, double grid, uint32_t stream) {
  Tensor t = Tensor::uninitialized({n});
  const Random random(kSeed, stream, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < n; ++i) {
    const double v = random.normal(i);
    t[i] = static_cast<real>(grid > 0 ? std::round(v / grid) * grid : v);
  }
  return t;
}

real key_of(Heuristic heuristic, real t, real mean) {
  if (heuristic == Heuristic::middle_out) return std::abs(std::abs(t) - mean);
  return heuristic == Heuristic::top_down ? -std::abs(t) : std::abs(t);
}

/// Algorithm 1 with a stable sort.
std::vector<uint8_t> sorted_mask(const Tensor& t, Heuristic heuristic, const BitShares& shares) {
  double sum = 0;
  for (real v : t.span()) sum += std::abs(static_cast<double>(v));
  const auto mean = static_cast<real>(sum / static_cast<double>(t.size()));
  std::vector<int64_t> order(static_cast<size_t>(t.size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return key_of(heuristic, t[a], mean) < key_of(heuristic, t[b], mean);
  });
  const auto counts = quantize::cumulative_counts(shares, t.size());
  std::vector<uint8_t> mask(order.size());
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const auto at = static_cast<int64_t>(rank);
    mask[static_cast<size_t>(order[rank])] =
        static_cast<uint8_t>(1 + (at >= counts[0]) + (at >= counts[1]));
  }
  return mask;
}

TEST_CASE("selection gives the mask of the stable sort, ties included") {
  INFO("seed " << kSeed);
  // Sums of multiples of 1/64 are exact, so both means agree to the bit; a coarse grid has many
  // ties.
  for (const double grid : {1.0 / 64, 1.0}) {
    for (const int64_t n : {1, 2, 7, 1000, 40000, 100001}) {
      const Tensor t = rounded_normal(n, grid, 1);
      for (const BitShares& shares :
           {kShares, BitShares{0.8, 0, 0.2}, BitShares{0, 0.5, 0.5}, BitShares{0, 0, 1}}) {
        for (const Heuristic heuristic :
             {Heuristic::middle_out, Heuristic::top_down, Heuristic::bottom_up}) {
          INFO("n " << n << ", grid " << grid << ", heuristic " << static_cast<int>(heuristic));
          HbnnWeights quantizer({.shares = shares, .heuristic = heuristic});
          quantizer.encode(t, Mode::train);
          CHECK(std::equal(quantizer.mask().begin(), quantizer.mask().end(),
                           sorted_mask(t, heuristic, shares).begin()));
        }
      }
    }
  }
}

std::vector<int64_t> counts_of(std::span<const uint8_t> mask) {
  std::vector<int64_t> counts(3);
  for (uint8_t width : mask) ++counts[static_cast<size_t>(width - 1)];
  return counts;
}

TEST_CASE("the random heuristic keeps the shares, and its permutation for the whole run") {
  const Tensor t = rounded_normal(70000, 0, 2);
  HbnnWeights quantizer({.shares = kShares, .heuristic = Heuristic::random});
  quantizer.set_random(kSeed, 5, 0);
  quantizer.encode(t, Mode::train);
  const std::vector<uint8_t> mask(quantizer.mask().begin(), quantizer.mask().end());
  CHECK(counts_of(mask) == std::vector<int64_t>{49000, 14000, 7000});
  quantizer.set_random(kSeed + 1, 5, 1);
  quantizer.encode(rounded_normal(70000, 0, 3), Mode::train);
  CHECK(std::equal(mask.begin(), mask.end(), quantizer.mask().begin()));
  HbnnWeights other({.shares = kShares, .heuristic = Heuristic::random});
  other.set_random(kSeed + 1, 5, 0);
  other.encode(t, Mode::train);
  CHECK_FALSE(std::equal(mask.begin(), mask.end(), other.mask().begin()));
}

TEST_CASE("a mask is kept for as many training steps as asked, and never in inference") {
  HbnnWeights quantizer({.shares = kShares, .mask_refresh = 3});
  std::vector<std::vector<uint8_t>> masks;
  for (uint32_t step = 0; step < 6; ++step) {
    const Tensor t = rounded_normal(200, 0, 10 + step);
    quantizer.encode(t, Mode::train);
    masks.emplace_back(quantizer.mask().begin(), quantizer.mask().end());
    HbnnWeights fresh({.shares = kShares});
    fresh.encode(t, Mode::infer);
    const bool due = step % 3 == 0;
    CHECK(std::equal(masks.back().begin(), masks.back().end(), fresh.mask().begin()) == due);
    quantizer.encode(t, Mode::infer);
    CHECK(std::equal(quantizer.mask().begin(), quantizer.mask().end(), fresh.mask().begin()));
  }
  CHECK(masks[0] == masks[1]);
  CHECK(masks[1] == masks[2]);
  CHECK(masks[3] == masks[5]);
  CHECK(masks[2] != masks[3]);
}

std::map<std::string, Tensor> state_of(HbnnActivations& quantizer) {
  std::map<std::string, Tensor> state;
  for (const auto& one : quantizer.state()) state[one.name] = *one.value;
  return state;
}

TEST_CASE("running statistics: the first batch sets them, later ones move them by a tenth") {
  HbnnActivations quantizer(kShares);
  HbnnActivations second_alone(kShares);
  const Tensor first = rounded_normal(5000, 0, 20);
  const Tensor second = rounded_normal(5000, 0.25, 21);
  quantizer.simulate(first, Mode::train);
  const auto after_first = state_of(quantizer);
  quantizer.simulate(second, Mode::train);
  second_alone.simulate(second, Mode::train);
  const auto batch = state_of(second_alone);
  const auto running = state_of(quantizer);
  for (const char* name : {"mu", "tau"}) {
    for (int64_t i = 0; i < running.at(name).size(); ++i) {
      CHECK(running.at(name)[i] ==
            Approx(0.9 * after_first.at(name)[i] + 0.1 * batch.at(name)[i]).epsilon(1e-6));
    }
  }
  CHECK(running.at("batches")[0] == 2);
}

TEST_CASE("an empty width has a constant cut point that is not averaged") {
  HbnnActivations quantizer(BitShares{0.8, 0, 0.2});
  for (uint32_t step = 0; step < 3; ++step) {
    quantizer.encode(rounded_normal(1000, 0, 30 + step), Mode::train);
  }
  const auto both = state_of(quantizer);
  CHECK(both.at("tau")[0] == both.at("tau")[1]);
  HbnnActivations high(BitShares{0, 0.5, 0.5});
  for (uint32_t step = 0; step < 3; ++step) {
    high.encode(rounded_normal(1000, 0, 30 + step), Mode::train);
  }
  CHECK(state_of(high).at("tau")[0] == std::numeric_limits<real>::lowest());
  CHECK(std::isfinite(state_of(high).at("tau")[1]));
  // A batch too small for a width leaves the average alone.
  const real before = state_of(high).at("tau")[1];
  high.encode(Tensor::zeros({1}), Mode::train);
  CHECK(state_of(high).at("tau")[1] == before);
}

TEST_CASE("without a training batch, inference uses the statistics of the input") {
  const Tensor x = rounded_normal(3000, 0, 40);
  HbnnActivations fresh(kShares);
  HbnnActivations trained(kShares);
  const Tensor expected = values(trained.simulate(x, Mode::train));
  check_equal(values(fresh.simulate(x, Mode::infer)), expected);
  CHECK(state_of(fresh).at("batches")[0] == 0);
}

TEST_CASE("a random activation mask belongs to the positions of a sample") {
  HbnnActivations quantizer(kShares, Heuristic::random);
  quantizer.set_random(kSeed, 2, 0);
  Tensor x = Tensor::full({3, 50}, 1);
  const ScaledBits packed = quantizer.encode(x, Mode::train);
  for (int plane = 0; plane < packed.bits.planes(); ++plane) {
    for (int64_t sample = 1; sample < 3; ++sample) {
      CHECK(packed.bits.row(sample)[plane] == packed.bits.row(0)[plane]);
    }
  }
  CHECK(std::popcount(packed.bits.row(0)[3]) == 15);
  CHECK(std::popcount(packed.bits.row(0)[5]) == 5);
}

}  // namespace
}  // namespace fracbit::tests
