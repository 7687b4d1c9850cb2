// Packing and unpacking against one bit at a time, on every instruction set.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/bitpack/bitpack.h"
#include "support/cases.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
namespace bitpack = fracbit::kernels::bitpack;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;

/// Lengths around those of words and vectors, and as many random ones as make cases() with `each`
/// for a length.
std::vector<int64_t> lengths(BitDraw& draw, int each) {
  std::vector<int64_t> found{1, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 128, 200};
  while (static_cast<int>(found.size()) * each < cases(0)) found.push_back(draw.between(1, 200));
  return found;
}

std::vector<const bitpack::Kernels*> rows() {
  std::vector<const bitpack::Kernels*> found;
  for (Isa isa : supported_isas()) {
    found.push_back(&bitpack::find(std::string(isa_name(isa)).c_str()));
  }
  return found;
}

bool bit(const uint64_t* plane, int64_t i) {
  return (plane[i / 64] >> (i % 64)) & 1;
}

TEST_CASE("compares pack one bit per value, and zeros after the last") {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  BitDraw draw(21);
  for (const int64_t n : lengths(draw, 2)) {
    std::vector<real> values;
    for (int64_t i = 0; i < n; ++i) {
      values.push_back(draw.of<real>({-1, real{-0.0}, 0, 1, nan, real{0.25}}));
    }
    for (const real threshold : {real{0}, real{0.25}}) {
      for (const bitpack::Kernels* row : rows()) {
        CAPTURE(row->name, n, threshold);
        std::vector<uint64_t> plane(static_cast<size_t>((n + 63) / 64), draw.word());
        row->compare(values.data(), n, threshold, plane.data());
        bool all = true;
        for (int64_t i = 0; i < 64 * static_cast<int64_t>(plane.size()); ++i) {
          const bool expected = i < n && values[static_cast<size_t>(i)] >= threshold;
          all = all && bit(plane.data(), i) == expected;
        }
        REQUIRE(all);
      }
    }
  }
}

TEST_CASE("codes pack into planes and come back as levels") {
  BitDraw draw(22);
  for (const int64_t n : lengths(draw, 16)) {
    for (int planes = 1; planes <= 16; ++planes) {
      std::vector<uint16_t> codes;
      for (int64_t i = 0; i < n; ++i) {
        codes.push_back(static_cast<uint16_t>(draw.below(int64_t{1} << planes)));
      }
      const int64_t words = (n + 63) / 64;
      const int mul = static_cast<int>(draw.between(-3, 3));
      const int add = static_cast<int>(draw.between(-300, 300));
      for (const bitpack::Kernels* row : rows()) {
        CAPTURE(row->name, n, planes, mul, add);
        std::vector<uint64_t> packed(static_cast<size_t>(planes * words), draw.word());
        row->codes(codes.data(), n, planes, packed.data());
        std::vector<real> levels(static_cast<size_t>(n) + 1, -7);
        row->levels(packed.data(), n, planes, mul, add, levels.data());
        bool bits = true;
        bool values = true;
        for (int64_t i = 0; i < 64 * words; ++i) {
          const int code = i < n ? codes[static_cast<size_t>(i)] : 0;
          for (int p = 0; p < planes; ++p) {
            bits = bits && bit(packed.data() + p * words, i) == (((code >> p) & 1) != 0);
          }
          if (i < n) {
            values =
                values && levels[static_cast<size_t>(i)] == static_cast<real>(mul * code + add);
          }
        }
        REQUIRE(bits);
        REQUIRE(values);
        REQUIRE(levels.back() == -7);
      }
    }
  }
}

TEST_CASE("codes count the thresholds that a value reaches") {
  BitDraw draw(24);
  for (const int64_t n : lengths(draw, 5)) {
    for (int planes = 1; planes <= 5; ++planes) {
      const int top = static_cast<int>(draw.between(1, (1 << planes) - 1));
      std::vector<real> thresholds;
      for (int j = 0; j < top; ++j) thresholds.push_back(static_cast<real>(j) / 4);
      std::vector<real> values;
      for (int64_t i = 0; i < n; ++i) {
        values.push_back(static_cast<real>(draw.between(-2, 4 * top)) / 8);
      }
      std::vector<uint16_t> codes;
      for (const real value : values) {
        codes.push_back(static_cast<uint16_t>(
            std::upper_bound(thresholds.begin(), thresholds.end(), value) - thresholds.begin()));
      }
      BitTensor expected({1, n}, Encoding::codes, planes);
      pack_codes(codes, expected);
      for (const bitpack::Kernels* row : rows()) {
        CAPTURE(row->name, n, planes, top);
        BitTensor bits({1, n}, Encoding::codes, planes);
        row->count(values.data(), n, thresholds.data(), top, planes, bits.row(0));
        REQUIRE(bits == expected);
      }
      BitTensor bits({1, n}, Encoding::codes, planes);
      pack_thresholds(values, thresholds, bits);
      REQUIRE(bits == expected);
    }
  }
}

TEST_CASE("residual terms come back as sums of scales") {
  BitDraw draw(23);
  for (const int64_t n : lengths(draw, 4)) {
    for (int terms = 1; terms <= 4; ++terms) {
      const ScaledBits packed = draw.residual({1, n}, terms, draw.below(2) == 1, 1);
      const int64_t words = packed.bits.words_per_plane();
      std::vector<real> expected;
      for (int64_t i = 0; i < n; ++i) {
        real value = 0;
        for (int t = 0; t < terms; ++t) {
          const uint64_t* sign = packed.bits.row(0) + 2 * t * words;
          if (!bit(sign + words, i)) continue;
          value += bit(sign, i) ? packed.scales[t] : -packed.scales[t];
        }
        expected.push_back(value);
      }
      for (const bitpack::Kernels* row : rows()) {
        CAPTURE(row->name, n, terms);
        std::vector<real> values(static_cast<size_t>(n));
        row->residual(packed.bits.row(0), n, terms, packed.scales.data(), values.data());
        REQUIRE(values == expected);
      }
    }
  }
}

TEST_CASE("bit tensors pack rows and decode to scaled levels") {
  const std::vector<uint16_t> codes{0, 1, 2, 3, 3, 2};
  ScaledBits packed{BitTensor({2, 3}, Encoding::codes, 2, {2, -3}), Tensor::from({2}, {1, 10})};
  pack_codes(codes, packed.bits);
  REQUIRE(packed.bits.row(0)[0] == 0b010);
  REQUIRE(packed.bits.row(0)[1] == 0b100);
  REQUIRE(packed.bits.row(1)[0] == 0b011);
  REQUIRE(packed.bits.row(1)[1] == 0b111);
  const Tensor result = values(packed);
  const real expected[] = {-3, -1, 1, 30, 30, 10};
  for (int64_t i = 0; i < 6; ++i) REQUIRE(result[i] == expected[i]);
}

TEST_CASE("values of packed tensors are the scaled levels, to the bit") {
  BitDraw draw(25);
  for (const int64_t groups : {int64_t{1}, int64_t{3}}) {
    for (const ScaledBits& packed :
         {draw.codes({3, 4, 70}, 3, {2, -7}, groups), draw.residual({3, 4, 70}, 3, true, groups)}) {
      const Tensor direct = values(packed);
      const Tensor scaled = values(decode(packed));
      REQUIRE(direct.shape() == scaled.shape());
      REQUIRE(std::equal(direct.data(), direct.data() + direct.size(), scaled.data()));
    }
  }
}

TEST_CASE("a threshold plane leaves the other planes alone") {
  BitTensor bits({1, 70}, Encoding::codes, 2);
  const std::vector<real> values(70, 1);
  pack_compare(values, 2, bits, 0);
  pack_compare(values, 1, bits, 1);
  REQUIRE(bits.row(0)[0] == 0);
  REQUIRE(bits.row(0)[1] == 0);
  REQUIRE(bits.row(0)[2] == ~uint64_t{0});
  REQUIRE(bits.row(0)[3] == 63);
}

TEST_CASE("packing refuses another number of values or too many thresholds") {
  BitTensor bits({2, 3}, Encoding::codes, 2);
  const std::vector<real> five(5), six(6);
  const std::vector<real> thresholds{0, 1, 2, 3};
  REQUIRE_THROWS_AS(pack_codes(std::vector<uint16_t>(5), bits), ShapeError);
  REQUIRE_THROWS_AS(pack_compare(five, 0, bits), ShapeError);
  REQUIRE_THROWS_AS(pack_thresholds(five, thresholds, bits), ShapeError);
  REQUIRE_THROWS_AS(pack_thresholds(six, thresholds, bits), ConfigError);
  REQUIRE_NOTHROW(pack_thresholds(six, std::span(thresholds).first(3), bits));
}

TEST_CASE("bit tensors refuse widths they cannot hold") {
  REQUIRE_THROWS_AS(BitTensor({1, 4}, Encoding::codes, 17), ConfigError);
  REQUIRE_THROWS_AS(BitTensor({1, 4}, Encoding::codes, 0), ConfigError);
  REQUIRE_THROWS_AS(BitTensor({1, 4}, Encoding::residual, 9), ConfigError);
  REQUIRE_THROWS_AS(BitTensor(Shape{}, Encoding::codes, 1), ShapeError);
}

}  // namespace
