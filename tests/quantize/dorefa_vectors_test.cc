// Every case of dorefa.json.

#include "fracbit/quantize/dorefa.h"
#include "fracbit/quantize/gradient.h"
#include "fracbit/quantize/quantize.h"
#include "fracbit/quantize/round.h"
#include "support/catch.h"
#include "vectors.h"

namespace fracbit::tests {
namespace {

using nlohmann::json;
using quantize::DorefaActivations;
using quantize::DorefaWeights;
using quantize::GradientQuantizer;
using quantize::Mode;

void check_quantize_k(const json& c) {
  const int k = c["params"]["k"];
  const int32_t top = quantize::top_code(k);
  const std::vector<double> r = flat(c["inputs"]["r"]);
  for (size_t i = 0; i < r.size(); ++i) {
    const int32_t code = quantize::quantize_k(static_cast<real>(r[i]), static_cast<real>(top));
    CHECK(code == c["expected"]["level"][i].get<int>());
    CHECK(static_cast<double>(code) / top ==
          Approx(c["expected"]["y"][i].get<double>()).margin(1e-6));
  }
}

/// Inside the window of clip01 only quantize_k is left, whose gradient is the identity.
void check_quantize_k_backward(const json& c) {
  const Tensor dr = DorefaActivations(c["params"]["k"])
                        .backward(tensor(c["inputs"]["r"]), tensor(c["inputs"]["dy"]));
  check_equal(dr, tensor(c["expected"]["dr"]));
}

void check_codes(const ScaledBits& packed, const json& levels, int bits) {
  const ScaledLevels decoded = decode(packed);
  const Tensor expected = tensor(levels);
  const CodeMap map = packed.bits.map();
  CHECK(packed.bits.bits() == bits);
  for (int64_t i = 0; i < expected.size(); ++i) {
    CHECK(decoded.levels[i] ==
          static_cast<real>(map.mul) * expected[i] + static_cast<real>(map.add));
  }
}

void check_weight(const json& c) {
  const int k = c["params"]["k"];
  const double tolerance = c["tol_abs"];
  const Tensor w = tensor(c["inputs"]["w"]);
  const json& expected = c["expected"];
  DorefaWeights through(k);
  DorefaWeights detached(k, DorefaWeights::MaxGradient::detached);
  const ScaledLevels fake = through.simulate(w, Mode::train);
  const ScaledBits packed = detached.encode(w, Mode::train);
  check_near(values(fake), tensor(expected["y"]), tolerance);
  check_near(values(packed), tensor(expected["y"]), tolerance);
  if (expected.contains("scale")) {
    REQUIRE(fake.scales.size() == 1);
    CHECK(fake.scales[0] == Approx(expected["scale"].get<double>()).margin(tolerance));
  }
  if (expected.contains("level")) check_codes(packed, expected["level"], k);
  if (!c["inputs"].contains("dy")) return;
  const Tensor dy = tensor(c["inputs"]["dy"]);
  if (expected.contains("dw")) check_equal(through.backward(w, dy), tensor(expected["dw"]));
  if (!expected.contains("dw_max_through")) return;
  check_near(through.backward(w, dy), tensor(expected["dw_max_through"]), tolerance);
  check_near(detached.backward(w, dy), tensor(expected["dw_max_detached"]), tolerance);
}

/// a = 32 has no quantizer: the scheme names ReLU.
void check_float_activation(const json& c) {
  quantize::Spec spec{.scheme = "dorefa", .act_bits = 32};
  spec = quantize::resolved(spec);
  const quantize::Scheme& scheme = quantize::find("dorefa");
  CHECK(scheme.activations(spec) == nullptr);
  CHECK(scheme.float_activation(spec) == c["params"]["h"].get<std::string>());
}

void check_activation(const json& c) {
  const int k = c["params"]["a"];
  if (k == 32) return check_float_activation(c);
  const bool clip01 = c["params"]["h"] == "clip01";
  DorefaActivations quantizer(
      k, clip01 ? DorefaActivations::Clip::clip01 : DorefaActivations::Clip::cabs);
  const Tensor x = tensor(c["inputs"]["x"]);
  check_codes(quantizer.encode(x, Mode::train), c["expected"]["level"], k);
  check_near(values(quantizer.simulate(x, Mode::infer)), tensor(c["expected"]["y"]), c["tol_abs"]);
  check_equal(quantizer.backward(x, tensor(c["inputs"]["dy"])), tensor(c["expected"]["dx"]));
}

void check_gradient(const json& c) {
  const int bits = c["params"]["g_bits"];
  const Tensor g = tensor(c["inputs"]["g"]);
  const ScaledLevels q = GradientQuantizer(bits).simulate(g, flat(c["inputs"]["sigma"]));
  const int32_t top = quantize::top_code(bits);
  const std::vector<double> levels = flat(c["expected"]["level"]);
  for (size_t i = 0; i < levels.size(); ++i) {
    CHECK(q.levels[static_cast<int64_t>(i)] == static_cast<real>(2 * levels[i] - top));
  }
  const Tensor maxima = tensor(c["expected"]["max_per_sample"]);
  for (int64_t b = 0; b < maxima.size(); ++b) {
    CHECK(q.scales[b] * static_cast<real>(top) == Approx(maxima[b]).margin(1e-6));
  }
  check_near(values(q), tensor(c["expected"]["y"]), c["tol_abs"]);
}

/// A plain convolution of one filter bank over every pixel that fits, as a sum of visits of
/// (y, x, w) indices: forward, input gradient and weight gradient are the same visits.
template <typename Visit>
void visit_products(const Shape& x, const Shape& w, const Visit& visit) {
  const int64_t height = x[1] - w[1] + 1;
  const int64_t width = x[2] - w[2] + 1;
  for (int64_t n = 0; n < x[0]; ++n)
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < width; ++j)
        for (int64_t f = 0; f < w[0]; ++f)
          for (int64_t u = 0; u < w[1]; ++u)
            for (int64_t v = 0; v < w[2]; ++v)
              for (int64_t c = 0; c < w[3]; ++c)
                visit(((n * height + i) * width + j) * w[0] + f,
                      ((n * x[1] + i + u) * x[2] + j + v) * x[3] + c,
                      ((f * w[1] + u) * w[2] + v) * w[3] + c);
}

/// One whole layer: clip01, quantize, convolve; dy quantized before both backward products.
void check_layer(const json& c) {
  const double tolerance = c["tol_abs"];
  const Tensor x = channel_last(c["inputs"]["x"]);
  const Tensor w = channel_last(c["inputs"]["w"]);
  DorefaActivations activations(c["params"]["a_bits"]);
  DorefaWeights weights(c["params"]["w_bits"]);
  const Tensor a = values(activations.simulate(x, Mode::train));
  const ScaledLevels quantized = weights.simulate(w, Mode::train);
  const Tensor wq = values(quantized);
  check_near(a, channel_last(c["expected"]["a"]), tolerance);
  check_near(wq, channel_last(c["expected"]["wq"]), tolerance);
  CHECK(quantized.scales[0] == Approx(c["expected"]["scale"].get<double>()).margin(tolerance));
  const Tensor expected_y = channel_last(c["expected"]["y"]);
  Tensor y = Tensor::zeros(expected_y.shape());
  visit_products(x.shape(), w.shape(),
                 [&](int64_t to, int64_t in, int64_t tap) { y[to] += a[in] * wq[tap]; });
  check_near(y, expected_y, tolerance);
  const Tensor sigma = channel_last(c["inputs"]["sigma"]);
  const std::vector<double> noise(sigma.span().begin(), sigma.span().end());
  const Tensor gq = values(
      GradientQuantizer(c["params"]["g_bits"]).simulate(channel_last(c["inputs"]["dy"]), noise));
  check_near(gq, channel_last(c["expected"]["gq"]), tolerance);
  Tensor da = Tensor::zeros(x.shape());
  Tensor dwq = Tensor::zeros(w.shape());
  visit_products(x.shape(), w.shape(), [&](int64_t to, int64_t in, int64_t tap) {
    da[in] += gq[to] * wq[tap];
    dwq[tap] += gq[to] * a[in];
  });
  check_near(activations.backward(x, da), channel_last(c["expected"]["dx"]), tolerance);
  check_near(weights.backward(w, dwq), channel_last(c["expected"]["dw"]), tolerance);
}

TEST_CASE("worked examples of DoReFa-Net") {
  const std::vector<std::pair<std::string, void (*)(const json&)>> checks = {
      {"dorefa.quantize_k", check_quantize_k},
      {"dorefa.quantize_k.backward", check_quantize_k_backward},
      {"dorefa.weight", check_weight},
      {"dorefa.activation", check_activation},
      {"dorefa.gradient", check_gradient},
      {"dorefa.conv_layer", check_layer},
  };
  // Costs are arithmetic of the summary, not of a quantizer.
  const std::vector<std::string> elsewhere = {"dorefa.complexity"};
  int ran = 0;
  for (const json& c : vector_cases("dorefa")) {
    const std::string op = c["op"];
    INFO(c["id"]);
    if (std::find(elsewhere.begin(), elsewhere.end(), op) != elsewhere.end()) continue;
    const auto found = std::find_if(checks.begin(), checks.end(),
                                    [&](const auto& one) { return one.first == op; });
    REQUIRE(found != checks.end());
    found->second(c);
    ++ran;
  }
  CHECK(ran == 29);
}

}  // namespace
}  // namespace fracbit::tests
