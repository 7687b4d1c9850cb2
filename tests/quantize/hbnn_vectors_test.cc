// hbnn.json, and what it says about a normal tensor.

#include <map>

#include "fracbit/framework/random.h"
#include "fracbit/quantize/hbnn.h"
#include "fracbit/quantize/residual_code.h"
#include "fracbit/quantize/selection.h"
#include "support/catch.h"
#include "vectors.h"

namespace fracbit::tests {
namespace {

using nlohmann::json;
using quantize::BitShares;
using quantize::HbnnActivations;
using quantize::HbnnWeights;
using quantize::Heuristic;
using quantize::Mode;
using quantize::Window;

BitShares shares_of(const json& p) {
  return quantize::checked_shares(flat(p));
}

Heuristic heuristic_of(const std::string& name) {
  const std::map<std::string, Heuristic> names = {{"MO", Heuristic::middle_out},
                                                  {"TD", Heuristic::top_down},
                                                  {"BU", Heuristic::bottom_up},
                                                  {"R", Heuristic::random}};
  return names.at(name);
}

/// Algorithm 1 on elements that are to be sorted in this order.
std::vector<uint8_t> mask_in_order(const std::vector<double>& order, const BitShares& shares) {
  const auto n = static_cast<int64_t>(order.size());
  Tensor ranks = Tensor::zeros({n});
  for (int64_t rank = 0; rank < n; ++rank) {
    ranks[static_cast<int64_t>(order[static_cast<size_t>(rank)])] = static_cast<real>(rank);
  }
  std::vector<uint8_t> mask(order.size());
  quantize::assign_widths(ranks.span(), {Heuristic::bottom_up, 0},
                          quantize::cumulative_counts(shares, n), mask);
  return mask;
}

std::vector<uint8_t> widths_of(const json& mask) {
  std::vector<uint8_t> widths;
  for (double width : flat(mask)) widths.push_back(static_cast<uint8_t>(width));
  return widths;
}

/// Terms of an expected "mu": the widest element.
int terms_of(const std::vector<uint8_t>& mask) {
  return *std::max_element(mask.begin(), mask.end());
}

void check_dist(const json& c) {
  const BitShares shares = quantize::shares_from_average(c["inputs"]["B"]);
  for (size_t b = 0; b < 3; ++b) {
    CHECK(shares[b] == Approx(c["expected"]["P"][b].get<double>()).margin(1e-9));
  }
  CHECK(quantize::average_bits(shares) == Approx(c["inputs"]["B"].get<double>()));
}

void check_counts(const json& c) {
  const auto cumulative =
      quantize::cumulative_counts(shares_of(c["inputs"]["P"]), c["inputs"]["N"]);
  CHECK(cumulative[0] == c["expected"]["counts"][0].get<int64_t>());
  CHECK(cumulative[1] - cumulative[0] == c["expected"]["counts"][1].get<int64_t>());
  CHECK(cumulative[2] - cumulative[1] == c["expected"]["counts"][2].get<int64_t>());
}

/// A code under a given mask: scales, values, what is left over.
void check_masked(const json& c, const std::vector<uint8_t>& mask) {
  const Tensor t = tensor(c["inputs"]["t"]);
  const quantize::StoredWidths widths(mask);
  const Tensor mu = quantize::fit_scales(t, quantize::group_mean_abs(t, 1), terms_of(mask), widths);
  check_near(mu, tensor(c["expected"]["mu"]), c["tol_abs"]);
  const Tensor y = values(quantize::residual_bits(t, mu, widths));
  check_near(y, tensor(c["expected"]["y"]), c["tol_abs"]);
  check_near(values(quantize::residual_levels(t, mu, widths)), y, 0);
  if (!c["expected"].contains("residual")) return;
  Tensor left = y;
  for (int64_t i = 0; i < t.size(); ++i) left[i] = t[i] - y[i];
  check_near(left, tensor(c["expected"]["residual"]), c["tol_abs"]);
}

void check_given_mask(const json& c) {
  check_masked(c, widths_of(c["inputs"]["mask"]));
}

/// The random heuristic draws its own permutation, so the given one is checked where it acts.
void check_random(const json& c) {
  const std::vector<uint8_t> mask =
      mask_in_order(flat(c["inputs"]["permutation"]), shares_of(c["params"]["P"]));
  CHECK(mask == widths_of(c["expected"]["mask"]));
  check_masked(c, mask);
}

void check_gradients(const json& c, const HbnnWeights::Options& options, const Tensor& t) {
  const Tensor dy = tensor(c["inputs"]["dy"]);
  const std::map<std::string, Window> windows = {
      {"dt_clip1", Window::unit}, {"dt_clip_bits", Window::bits}, {"dt_noclip", Window::none}};
  for (const auto& [name, window] : windows) {
    HbnnWeights::Options with = options;
    with.window = window;
    HbnnWeights quantizer(with);
    quantizer.simulate(t, Mode::train);
    check_equal(quantizer.backward(t, dy), tensor(c["expected"][name]));
  }
}

void check_planes(const json& c, const ScaledBits& packed) {
  const BitTensor& bits = packed.bits;
  REQUIRE(bits.encoding() == Encoding::residual);
  for (size_t n = 0; n < c["expected"]["planes"].size(); ++n) {
    const std::vector<double> expected = flat(c["expected"]["planes"][n]);
    const uint64_t* sign = bits.row(0) + 2 * static_cast<int64_t>(n);
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK(((sign[0] >> i) & 1) == (expected[i] > 0 ? 1u : 0u));
      CHECK(((sign[1] >> i) & 1) == (expected[i] != 0 ? 1u : 0u));
    }
  }
}

void check_order(const json& c) {
  const BitShares shares = shares_of(c["params"]["P"]);
  CHECK(mask_in_order(flat(c["expected"]["order"]), shares) == widths_of(c["expected"]["mask"]));
}

void check_binarize(const json& c) {
  if (c["params"]["heuristic"] == "R") return check_random(c);
  const Tensor t = tensor(c["inputs"]["t"]);
  const HbnnWeights::Options options{.shares = shares_of(c["params"]["P"]),
                                     .heuristic = heuristic_of(c["params"]["heuristic"]),
                                     .per_filter = c["params"]["scope"] == "filter"};
  HbnnWeights quantizer(options);
  const ScaledBits packed = quantizer.encode(t, Mode::train);
  const std::vector<uint8_t> mask(quantizer.mask().begin(), quantizer.mask().end());
  CHECK(mask == widths_of(c["expected"]["mask"]));
  check_near(packed.scales, tensor(c["expected"]["mu"]), c["tol_abs"]);
  check_near(values(packed), tensor(c["expected"]["y"]), c["tol_abs"]);
  check_near(values(quantizer.simulate(t, Mode::train)), tensor(c["expected"]["y"]), c["tol_abs"]);
  if (c["expected"].contains("planes")) check_planes(c, packed);
  if (c["expected"].contains("order")) check_order(c);
  if (c["expected"].contains("avg_bits")) {
    CHECK(quantizer.bits() == Approx(c["expected"]["avg_bits"].get<double>()));
  }
  if (c["inputs"].contains("dy")) check_gradients(c, options, t);
}

void check_mask(const json& c) {
  const Tensor t = tensor(c["inputs"]["t"]);
  HbnnWeights quantizer({.shares = shares_of(c["params"]["P"])});
  quantizer.simulate(t, Mode::infer);
  const std::vector<uint8_t> mask(quantizer.mask().begin(), quantizer.mask().end());
  CHECK(mask == widths_of(c["expected"]["mask"]));
  check_order(c);
}

/// Terms of element i of a code of one row.
int width_at(const ScaledBits& packed, int64_t i) {
  int width = 0;
  for (int n = 0; n < packed.bits.bits(); ++n) {
    const uint64_t* mask = packed.bits.row(0) + (2 * n + 1) * packed.bits.words_per_plane();
    width += static_cast<int>((mask[i / 64] >> (i % 64)) & 1);
  }
  return width;
}

void check_activation_thresholds(const json& c) {
  const Tensor train = tensor(c["inputs"]["x_train"]);
  const Tensor infer = tensor(c["inputs"]["x_infer"]);
  const json& expected = c["expected"];
  HbnnActivations quantizer(shares_of(c["params"]["P"]));
  const ScaledBits packed = quantizer.encode(train, Mode::train);
  for (int64_t i = 0; i < train.size(); ++i) {
    CHECK(width_at(packed, i) == expected["mask_train"][static_cast<size_t>(i)].get<int>());
  }
  std::map<std::string, Tensor> state;
  for (const auto& one : quantizer.state()) state[one.name] = *one.value;
  CHECK(state["mu"][0] == Approx(expected["s"].get<double>()).margin(1e-6));
  check_near(state["mu"], tensor(expected["mu"]), c["tol_abs"]);
  check_near(state["tau"], tensor(expected["tau"]), c["tol_abs"]);
  check_near(values(quantizer.simulate(infer, Mode::infer)), tensor(expected["y_infer"]),
             c["tol_abs"]);
  const ScaledBits inferred = quantizer.encode(infer, Mode::infer);
  for (int64_t i = 0; i < infer.size(); ++i) {
    CHECK(width_at(inferred, i) == expected["mask_infer"][static_cast<size_t>(i)].get<int>());
  }
}

void check_distinct(const json& c) {
  for (const json& row : c["rows"]) {
    const int n = row["n"];
    CHECK(quantize::Residual(n, quantize::Residual::Groups::one).max_levels() ==
          row["homogeneous"].get<int>());
    if (n > 3) continue;  // hbnn stops at 3 bits
    BitShares shares{};
    shares[static_cast<size_t>(n - 1)] = 1;
    CHECK(HbnnWeights({.shares = shares}).max_levels() == row["heterogeneous"].get<int>());
  }
}

/// ||t - q|| / ||t|| for one scheme.
double distance(quantize::Quantizer& quantizer, const Tensor& t) {
  const Tensor q = values(quantizer.encode(t, Mode::train));
  double off = 0;
  double norm = 0;
  for (int64_t i = 0; i < t.size(); ++i) {
    const double d = static_cast<double>(t[i]) - static_cast<double>(q[i]);
    off += d * d;
    norm += static_cast<double>(t[i]) * static_cast<double>(t[i]);
  }
  return std::sqrt(off / norm);
}

/// The table of the paper's figure 2a.
void check_representational_power(const json& c) {
  const uint64_t seed = 20;
  INFO("seed " << seed);
  const double tolerance = c["tol_abs"];
  Tensor t = Tensor::uninitialized({200000});
  const Random random(seed, 0, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < t.size(); ++i) t[i] = static_cast<real>(random.normal(i));
  for (const json& row : c["rows"]) {
    INFO(row.dump());
    if (row["kind"] == "integer") {
      quantize::Residual quantizer(row["bits"], quantize::Residual::Groups::one);
      CHECK(distance(quantizer, t) == Approx(row["norm_dist"].get<double>()).margin(tolerance));
      continue;
    }
    for (const char* name : {"MO", "TD", "BU", "R"}) {
      INFO(name);
      HbnnWeights quantizer({.shares = shares_of(row["P"]), .heuristic = heuristic_of(name)});
      quantizer.set_random(seed, 1, 0);
      CHECK(distance(quantizer, t) == Approx(row[name].get<double>()).margin(tolerance));
    }
  }
}

TEST_CASE("worked examples of heterogeneous binarization") {
  const std::map<std::string, void (*)(const json&)> checks = {
      {"hbnn.dist_from_avg", check_dist},
      {"hbnn.counts", check_counts},
      {"hbnn.binarize", check_binarize},
      {"hbnn.binarize_mask", check_given_mask},
      {"hbnn.mask", check_mask},
      {"hbnn.activation_thresholds", check_activation_thresholds},
      {"hbnn.distinct_values", check_distinct},
      {"hbnn.norm_dist", check_representational_power},
  };
  // The activation mode `channel` is not offered.
  const std::string elsewhere = "act_channel_mask";
  bool listed = false;
  for (const json& c : vector_cases("hbnn")) {
    INFO(c["id"]);
    if (c["id"] == elsewhere) {
      listed = true;
      continue;
    }
    REQUIRE(checks.count(c["op"]) == 1);
    checks.at(c["op"])(c);
  }
  CHECK(listed);
}

}  // namespace
}  // namespace fracbit::tests
