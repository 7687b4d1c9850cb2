// Masks of activations by channel: made of running magnitudes, anew each epoch until they are kept.

#include <algorithm>
#include <map>

#include "fracbit/framework/error.h"
#include "fracbit/framework/random.h"
#include "fracbit/quantize/hbnn.h"
#include "support/catch.h"

namespace fracbit::tests {
namespace {

using quantize::BitShares;
using quantize::HbnnActivations;
using quantize::Heuristic;
using quantize::MaskMode;
using quantize::Mode;

constexpr BitShares kShares = {0.7, 0.2, 0.1};
constexpr int64_t kChannels = 40;

HbnnActivations make(Heuristic heuristic = Heuristic::bottom_up) {
  HbnnActivations quantizer(kShares, heuristic, quantize::Window::unit, 0, MaskMode::channel);
  quantizer.prepare({kChannels});
  return quantizer;
}

/// |x| in channel c is about (c shift mod kChannels) + 1, and lies on a grid that sums are exact
/// on.
Tensor batch(int64_t shift) {
  Tensor x = Tensor::uninitialized({3, 2, 5, kChannels});
  const Random random(3, 0, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < x.size(); ++i) {
    const auto size = static_cast<real>((i % kChannels * shift) % kChannels + 1);
    const auto noise = static_cast<real>(random.below(i, 16)) / 64;
    x[i] = (i / kChannels % 2 == 0 ? size : -size) / 8 + noise;
  }
  return x;
}

std::map<std::string, Tensor> state_of(HbnnActivations& quantizer) {
  std::map<std::string, Tensor> state;
  for (const auto& one : quantizer.state()) state[one.name] = *one.value;
  return state;
}

/// Widths by a stable sort of magnitudes: low ones get few bits.
std::vector<real> sorted_widths(const Tensor& v) {
  std::vector<int64_t> order(static_cast<size_t>(v.size()));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  std::ranges::stable_sort(order, [&](int64_t a, int64_t b) { return v[a] < v[b]; });
  std::vector<real> widths(order.size());
  for (size_t rank = 0; rank < order.size(); ++rank) {
    widths[static_cast<size_t>(order[rank])] = rank < 28 ? 1 : rank < 36 ? 2 : 3;
  }
  return widths;
}

bool equal(const Tensor& a, const std::vector<real>& b) {
  return std::equal(a.span().begin(), a.span().end(), b.begin(), b.end());
}

TEST_CASE("a mask of channels: one width each, by the mean magnitude of the channel") {
  HbnnActivations quantizer = make();
  const Tensor x = batch(7);
  const ScaledBits packed = quantizer.encode(x, Mode::train);
  const auto state = state_of(quantizer);
  for (int64_t c = 0; c < kChannels; ++c) {
    double sum = 0;
    for (int64_t i = c; i < x.size(); i += kChannels) sum += std::abs(static_cast<double>(x[i]));
    CHECK(state.at("magnitude")[c] == static_cast<real>(sum / 30));
  }
  CHECK(equal(state.at("mask"), sorted_widths(state.at("magnitude"))));
  for (int64_t row = 0; row < 30; ++row) {
    for (int64_t c = 0; c < kChannels; ++c) {
      const uint64_t* words = packed.bits.row(row);
      const auto width = 1 + (words[3] >> c & 1) + (words[5] >> c & 1);
      REQUIRE(static_cast<real>(width) == state.at("mask")[c]);
    }
  }
}

TEST_CASE("magnitudes run on; the mask follows once an epoch, and stays in the last third") {
  HbnnActivations quantizer = make();
  constexpr int64_t kEpochs = 6;
  std::vector<Tensor> masks;
  Tensor expected = Tensor::zeros({kChannels});
  for (int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    quantizer.set_epoch(epoch, kEpochs);
    const auto before = state_of(quantizer);
    for (int64_t step = 0; step < 3; ++step) {
      HbnnActivations alone = make();
      const Tensor x = batch(3 + 4 * epoch);
      alone.encode(x, Mode::train);
      quantizer.encode(x, Mode::train);
      const Tensor now = state_of(alone).at("magnitude");
      for (int64_t c = 0; c < kChannels; ++c) {
        expected[c] =
            epoch + step == 0
                ? now[c]
                : static_cast<real>(0.9 * static_cast<double>(expected[c]) + 0.1 * double{now[c]});
      }
      const auto state = state_of(quantizer);
      CHECK(equal(state.at("magnitude"), {expected.span().begin(), expected.span().end()}));
      if (step == 0 && epoch > 0) {
        // 0 to 4 of 6: until two thirds are over.
        const bool fresh = epoch <= 4;
        CHECK(equal(state.at("mask"), fresh ? sorted_widths(before.at("magnitude"))
                                            : std::vector<real>(before.at("mask").span().begin(),
                                                                before.at("mask").span().end())));
      }
      if (step > 0) {
        const Tensor& mask = masks.back();
        CHECK(equal(state.at("mask"), {mask.span().begin(), mask.span().end()}));
      }
      masks.push_back(state.at("mask"));
    }
  }
  CHECK_FALSE(equal(masks.front(), {masks.back().span().begin(), masks.back().span().end()}));
}

TEST_CASE("inference takes the mask as it is, and refuses other channels") {
  HbnnActivations quantizer = make(Heuristic::middle_out);
  quantizer.encode(batch(7), Mode::train);
  const auto before = state_of(quantizer);
  quantizer.set_epoch(1, 3);
  quantizer.encode(batch(11), Mode::infer);
  CHECK(equal(state_of(quantizer).at("mask"),
              {before.at("mask").span().begin(), before.at("mask").span().end()}));
  REQUIRE_THROWS_WITH(quantizer.encode(Tensor::zeros({2, 3}), Mode::infer),
                      "[hbnn] expects 40 channels, got x [2, 3]");
  const deploy::StoredOutput stored = quantizer.stored_output();
  CHECK(stored.output.key == deploy::Key::channel);
  CHECK(stored.output.cuts.empty());
  for (int64_t c = 0; c < kChannels; ++c) {
    CHECK(static_cast<real>(stored.output.widths[static_cast<size_t>(c)]) == before.at("mask")[c]);
  }
}

TEST_CASE("a random mask of channels is that of its permutation, every epoch") {
  HbnnActivations quantizer = make(Heuristic::random);
  quantizer.set_random(5, 1, 0);
  quantizer.encode(batch(7), Mode::train);
  const Tensor mask = state_of(quantizer).at("mask");
  CHECK(std::ranges::count(mask.span(), real{1}) == 28);
  CHECK(std::ranges::count(mask.span(), real{3}) == 4);
  quantizer.set_epoch(1, 3);
  quantizer.set_random(6, 1, 1);
  quantizer.encode(batch(11), Mode::train);
  CHECK(equal(state_of(quantizer).at("mask"), {mask.span().begin(), mask.span().end()}));
}

}  // namespace
}  // namespace fracbit::tests
