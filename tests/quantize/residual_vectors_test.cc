// residual.json, binary.json and rng.json.

#include <set>

#include "fracbit/framework/error.h"
#include "fracbit/framework/random.h"
#include "fracbit/quantize/bnn.h"
#include "fracbit/quantize/bwn.h"
#include "fracbit/quantize/residual.h"
#include "support/catch.h"
#include "vectors.h"

namespace fracbit::tests {
namespace {

using nlohmann::json;
using quantize::BnnActivations;
using quantize::BnnWeights;
using quantize::BwnWeights;
using quantize::Mode;
using quantize::Residual;
using quantize::Window;

/// Signs of term n of a code, +1 and -1, 0 where masked.
std::vector<double> plane(const ScaledBits& packed, int n) {
  const BitTensor& bits = packed.bits;
  const int64_t last = bits.shape().back();
  const bool codes = bits.encoding() == Encoding::codes;
  std::vector<double> result;
  for (int64_t i = 0; i < bits.shape().size(); ++i) {
    const uint64_t* sign = bits.row(i / last) + (codes ? 0 : 2 * n * bits.words_per_plane());
    const auto at = [&](const uint64_t* words) {
      return ((words[i % last / 64] >> (i % last % 64)) & 1) != 0;
    };
    const bool valid = codes || at(sign + bits.words_per_plane());
    result.push_back(valid ? (at(sign) ? 1 : -1) : 0);
  }
  return result;
}

void check_homogeneous(const json& c) {
  const int n = c["params"]["n"];
  const Tensor t = tensor(c["inputs"]["t"]);
  Residual quantizer(
      n, c["params"]["scope"] == "filter" ? Residual::Groups::axis0 : Residual::Groups::one);
  const ScaledBits packed = quantizer.encode(t, Mode::train);
  check_near(values(quantizer.simulate(t, Mode::train)), tensor(c["expected"]["y"]), c["tol_abs"]);
  check_near(values(packed), tensor(c["expected"]["y"]), c["tol_abs"]);
  check_near(packed.scales, tensor(c["expected"]["mu"]), c["tol_abs"]);
  if (c["expected"].contains("planes")) {
    for (int term = 0; term < n; ++term) {
      CHECK(plane(packed, term) == flat(c["expected"]["planes"][static_cast<size_t>(term)]));
    }
  }
  if (c["expected"].contains("residual")) {
    Tensor left = values(packed);
    for (int64_t i = 0; i < t.size(); ++i) left[i] = t[i] - left[i];
    check_near(left, tensor(c["expected"]["residual"]), c["tol_abs"]);
  }
  if (c["expected"].contains("dt")) {
    check_equal(quantizer.backward(t, tensor(c["inputs"]["dy"])), tensor(c["expected"]["dt"]));
  }
}

void check_per_sample(const json& c) {
  const int n = c["params"]["n"];
  const Tensor x = tensor(c["inputs"]["x"]);
  Residual quantizer(n, Residual::Groups::axis0);
  const ScaledBits packed = quantizer.encode(x, Mode::infer);
  check_near(packed.scales, tensor(c["expected"]["beta"]), c["tol_abs"]);
  check_near(values(packed), tensor(c["expected"]["y"]), c["tol_abs"]);
  for (int term = 0; term < n; ++term) {
    std::vector<double> expected;
    for (const json& sample : c["expected"]["planes"]) {
      const std::vector<double> part = flat(sample[static_cast<size_t>(term)]);
      expected.insert(expected.end(), part.begin(), part.end());
    }
    CHECK(plane(packed, term) == expected);
  }
}

void check_sign(const json& c) {
  const Tensor x = tensor(c["inputs"]["x"]);
  BnnActivations quantizer(c["params"]["clip"].is_null() ? Window::none : Window::unit);
  check_equal(values(quantizer.simulate(x, Mode::train)), tensor(c["expected"]["y"]));
  check_equal(values(quantizer.encode(x, Mode::infer)), tensor(c["expected"]["y"]));
  check_equal(quantizer.backward(x, tensor(c["inputs"]["dy"])), tensor(c["expected"]["dx"]));
}

void check_connect(const json& c) {
  const Tensor w = tensor(c["inputs"]["w"]);
  BnnWeights quantizer;
  check_equal(values(quantizer.simulate(w, Mode::train)), tensor(c["expected"]["y"]));
  check_equal(values(quantizer.encode(w, Mode::train)), tensor(c["expected"]["y"]));
  check_equal(quantizer.backward(w, tensor(c["inputs"]["dy"])), tensor(c["expected"]["dw"]));
}

void check_xnor_weight(const json& c) {
  const Tensor w = tensor(c["inputs"]["w"]);
  const Tensor dy = tensor(c["inputs"]["dy"]);
  BwnWeights quantizer;
  const ScaledLevels fake = quantizer.simulate(w, Mode::train);
  check_near(fake.scales, tensor(c["expected"]["alpha"]), c["tol_abs"]);
  check_near(values(fake), tensor(c["expected"]["y"]), c["tol_abs"]);
  check_near(values(quantizer.encode(w, Mode::train)), tensor(c["expected"]["y"]), c["tol_abs"]);
  check_near(quantizer.backward(w, dy), tensor(c["expected"]["dw"]), c["tol_abs"]);
  check_equal(BwnWeights(BwnWeights::Gradient::identity).backward(w, dy), dy);
}

using Check = std::pair<std::string, void (*)(const json&)>;

/// Runs every case of a file but those listed by id, which belong to something else; checks that
/// each listed one exists, so that the list cannot go stale.
void run(const std::string& file, const std::vector<Check>& checks, std::set<std::string> others) {
  for (const json& c : vector_cases(file)) {
    INFO(c["id"]);
    if (others.erase(c["id"]) > 0) continue;
    const auto found = std::find_if(checks.begin(), checks.end(),
                                    [&](const Check& check) { return check.first == c["op"]; });
    REQUIRE(found != checks.end());
    found->second(c);
  }
  CHECK(others.empty());
}

TEST_CASE("worked examples of residual binarization") {
  run("residual",
      {{"residual.homogeneous", check_homogeneous},
       {"residual.activation_per_sample", check_per_sample}},
      {"scale_layer",    // the op `scale`
       "bipolar_reg"});  // a penalty of Tang et al., no scheme of the catalogue
}

TEST_CASE("worked examples of binary networks") {
  run("binary",
      {{"binary.sign", check_sign},
       {"binary.connect", check_connect},
       {"binary.xnor_weight", check_xnor_weight}},
      {"bc_stoch", "bc_stoch_H", "bc_update",  // stochastic BinaryConnect: not in the catalogue
       "xnor_weight_code", "xnor_conv_K"});    // xnor: not in the catalogue
}

TEST_CASE("latent weights of bnn are clipped after each update") {
  Tensor w = Tensor::from({4}, {static_cast<real>(-1.5), -1, static_cast<real>(0.25), 7});
  BnnWeights().after_update(w);
  check_equal(w, Tensor::from({4}, {-1, -1, static_cast<real>(0.25), 1}));
}

TEST_CASE("the windows of the residual gradient") {
  const Tensor x = Tensor::from({5}, {0, 1, static_cast<real>(-1.5), 2, static_cast<real>(2.5)});
  const Tensor dy = Tensor::from({5}, {1, 2, 3, 4, 5});
  const auto through = [&](Window window) {
    return Residual(2, Residual::Groups::one, window).backward(x, dy);
  };
  check_equal(through(Window::unit), Tensor::from({5}, {1, 2, 0, 0, 0}));
  check_equal(through(Window::bits), Tensor::from({5}, {1, 2, 3, 4, 0}));
  check_equal(through(Window::none), dy);
  CHECK_THROWS_AS(Residual(2, Residual::Groups::one).backward(x, Tensor::zeros({4})), ShapeError);
}

TEST_CASE("known answers of Philox4x32-10") {
  const std::vector<json> cases = vector_cases("rng");
  for (const json& row : cases.at(0)["rows"]) {
    const auto word = [](const json& hex) {
      return static_cast<uint32_t>(std::stoul(hex.get<std::string>(), nullptr, 16));
    };
    std::array<uint32_t, 4> counter;
    for (size_t i = 0; i < 4; ++i) counter[i] = word(row["counter"][i]);
    const auto words = philox(counter, {word(row["key"][0]), word(row["key"][1])});
    for (size_t i = 0; i < 4; ++i) {
      CHECK(words[i] == word(row["words"][i]));
      CHECK((words[i] >> 8) * 0x1p-24 == row["uniform01"][i].get<double>());
    }
  }
}

}  // namespace
}  // namespace fracbit::tests
