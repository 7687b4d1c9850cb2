// The worked examples of packed arithmetic (tests/golden/vectors/packed.json).

#include <algorithm>
#include <string>
#include <vector>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/ops/quantized_product.h"
#include "quantize/vectors.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using nlohmann::json;

json packed_case(const std::string& id) {
  return tests::vector_case("packed", id);
}

void append_words(const json& nested, std::vector<uint64_t>& words) {
  if (nested.is_array()) {
    for (const json& part : nested) append_words(part, words);
  } else {
    words.push_back(std::stoull(nested.get<std::string>(), nullptr, 16));
  }
}

std::vector<uint64_t> words(const json& nested) {
  std::vector<uint64_t> result;
  append_words(nested, result);
  return result;
}

std::vector<uint64_t> words(const BitTensor& bits) {
  return {bits.words().begin(), bits.words().end()};
}

/// A row of +-1.
ScaledBits signs(const json& list, real scale = 1) {
  const Tensor values = tests::tensor(list);
  ScaledBits packed{BitTensor::bipolar(Shape{1, values.size()}), Tensor::full({1}, scale)};
  pack_signs(values.span(), packed.bits);
  return packed;
}

/// A row of codes.
ScaledBits codes(const json& list, int bits, CodeMap map = {}, real scale = 1) {
  const auto values = list.get<std::vector<uint16_t>>();
  const Shape shape{1, static_cast<int64_t>(values.size())};
  ScaledBits packed{BitTensor(shape, Encoding::codes, bits, map), Tensor::full({1}, scale)};
  pack_codes(values, packed.bits);
  return packed;
}

/// One plane of a row of codes, as 1-bit codes.
ScaledBits plane(const ScaledBits& from, int p) {
  ScaledBits one{BitTensor(from.bits.shape(), Encoding::codes, 1), Tensor::full({1}, 1)};
  const int64_t size = from.bits.words_per_plane();
  std::copy_n(from.bits.row(0) + p * size, size, one.bits.row(0));
  return one;
}

/// A row of residual terms from its planes of signs and masks.
ScaledBits residual(const json& sign, const json& mask, int64_t length, const json& scales) {
  const int terms = static_cast<int>(sign.size());
  ScaledBits packed{BitTensor({1, length}, Encoding::residual, terms), tests::tensor(scales)};
  for (int n = 0; n < terms; ++n) {
    const std::vector<uint64_t> s = words(sign.at(static_cast<size_t>(n)));
    const std::vector<uint64_t> m = words(mask.at(static_cast<size_t>(n)));
    uint64_t* row = packed.bits.row(0) + 2 * n * packed.bits.words_per_plane();
    std::copy(s.begin(), s.end(), row);
    std::copy(m.begin(), m.end(), row + packed.bits.words_per_plane());
  }
  return packed;
}

/// The same with the scale of one term 1 and the others 0: its integer product alone.
ScaledBits only(ScaledBits packed, int term) {
  packed.scales.fill(0);
  packed.scales[term] = 1;
  return packed;
}

double dot(const ScaledBits& x, const ScaledBits& w) {
  return ops::quantized_linear(x, w)[0];
}

TEST_CASE("packing of signs gives the words of the vectors") {
  const json row = packed_case("pack_70");
  REQUIRE(words(signs(row["inputs"]["x"]).bits) == words(row["expected"]["words"]));
  const json image = packed_case("pack_nhwc");
  const Tensor x = tests::tensor(image["inputs"]["x"]);
  BitTensor bits = BitTensor::bipolar(x.shape());
  pack_signs(x.span(), bits);
  REQUIRE(words(bits) == words(image["expected"]["words"]));
}

TEST_CASE("+-1 dot of the vectors") {
  const json c = packed_case("xnor_dot_70");
  const double product = dot(signs(c["inputs"]["a"]), signs(c["inputs"]["b"]));
  REQUIRE(product == c["expected"]["dot"].get<double>());
  REQUIRE((70 - product) / 2 == c["expected"]["xor_popcount"].get<double>());
}

TEST_CASE("code dot of the vectors, plane by plane") {
  const json c = packed_case("bit_dot_3x2");
  const ScaledBits x = codes(c["inputs"]["x"], 3);
  const ScaledBits y = codes(c["inputs"]["y"], 2);
  REQUIRE(words(x.bits) == words(c["expected"]["planes_x"]));
  REQUIRE(words(y.bits) == words(c["expected"]["planes_y"]));
  REQUIRE(dot(x, y) == c["expected"]["dot"].get<double>());
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 2; ++j) {
      const json& count = c["expected"]["and_popcounts"][static_cast<size_t>(i)];
      REQUIRE(dot(plane(x, i), plane(y, j)) == count[static_cast<size_t>(j)].get<double>());
    }
  }
}

TEST_CASE("DoReFa dots of the vectors") {
  const real third = real{1} / 3;
  const json affine = packed_case("dorefa_affine");
  const ScaledBits qa = codes(affine["inputs"]["qa"], 2);
  REQUIRE(dot(qa, codes(affine["inputs"]["qw"], 2, {2, -3})) ==
          affine["expected"]["integer"].get<double>());
  REQUIRE(dot(codes(affine["inputs"]["qa"], 2, {}, third),
              codes(affine["inputs"]["qw"], 2, {2, -3}, third)) ==
          Approx(affine["expected"]["value"].get<double>()).margin(1e-6));

  const json one = packed_case("dorefa_w1");
  REQUIRE(dot(codes(one["inputs"]["qa"], 2, {}, third),
              signs(one["inputs"]["sign"], one["inputs"]["scale"].get<real>())) ==
          Approx(one["expected"]["value"].get<double>()).margin(1e-6));
}

TEST_CASE("heterogeneous dot of the vectors, plane by plane") {
  const json e = packed_case("hetero_dot")["expected"];
  const ScaledBits w = residual(e["w_sign"], e["w_valid"], 70, e["mu_w"]);
  const ScaledBits a = residual(e["a_sign"], e["a_valid"], 70, e["mu_a"]);
  REQUIRE(dot(a, w) == Approx(e["value"].get<double>()).margin(1e-5));
  for (int n = 0; n < 3; ++n) {
    for (int m = 0; m < 2; ++m) {
      const json& expected = e["plane_dots"][static_cast<size_t>(n)][static_cast<size_t>(m)];
      REQUIRE(dot(only(a, m), only(w, n)) == expected.get<double>());
    }
  }
}

TEST_CASE("heterogeneous weights by DoReFa codes of the vectors") {
  const json weights = packed_case("hetero_dot")["expected"];
  const json c = packed_case("hetero_dorefa_dot");
  const ScaledBits w = residual(weights["w_sign"], weights["w_valid"], 70, weights["mu_w"]);
  const ScaledBits a = codes(c["inputs"]["qa"], 2, {}, real{1} / 3);
  REQUIRE(dot(a, w) == Approx(c["expected"]["value"].get<double>()).margin(1e-5));
  for (int n = 0; n < 3; ++n) {
    for (int p = 0; p < 2; ++p) {
      const json& term = c["expected"]["plane_terms"][static_cast<size_t>(n)];
      REQUIRE(dot(plane(a, p), only(w, n)) == term[static_cast<size_t>(p)].get<double>());
    }
  }
}

TEST_CASE("zero padding of +-1 operands as in the vectors") {
  const json c = packed_case("padding");
  const Tensor x = tests::tensor(c["inputs"]["x"]).reshaped({1, 3, 3, 1});
  const Tensor w = tests::tensor(c["inputs"]["w"]).reshaped({1, 3, 3, 1});
  ScaledBits packed_x{BitTensor::bipolar(x.shape()), Tensor::full({1}, 1)};
  ScaledBits packed_w{BitTensor::bipolar(w.shape()), Tensor::full({1}, 1)};
  pack_signs(x.span(), packed_x.bits);
  pack_signs(w.span(), packed_w.bits);
  const Tensor y =
      ops::quantized_conv2d(packed_x, packed_w, {.padding_begin = 1, .padding_end = 1});
  tests::check_equal(y.reshaped({1, 1, 3, 3}), tests::tensor(c["expected"]["zero"]));
}

}  // namespace
