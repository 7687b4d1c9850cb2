// Forward passes of a block on every instruction set against plain loops, to the bit.

#include "fracbit/framework/kernels/norm/norm.h"

#include <limits>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "norm_case.h"
#include "norm_reference.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using namespace fracbit::testing::norm_case;
namespace reference = fracbit::testing::norm_reference;
using fracbit::testing::BitDraw;

std::vector<const norm::Kernels*> rows() {
  std::vector<const norm::Kernels*> found;
  for (Isa isa : supported_isas()) {
    found.push_back(&norm::find(std::string(isa_name(isa)).c_str()));
  }
  return found;
}

template <typename T, typename Check>
void for_cases(bool pool, uint64_t seed, Check check) {
  for_runs<T>(pool, seed, [&](BitDraw& draw, const Case<T>& made) {
    for (const norm::Kernels* row : rows()) {
      CAPTURE(row->name);
      check(draw, made, norm::passes<T>(*row));
    }
  });
}

/// Over the three types of numbers, with and without windows.
template <typename Check>
void for_all_cases(Check check) {
  for (const bool pool : {false, true}) {
    for_cases<int16_t>(pool, kSeed, check);
    for_cases<int32_t>(pool, kSeed + 1, check);
    for_cases<real>(pool, kSeed + 2, check);
  }
}

TEST_CASE("pools take the largest number") {
  const auto check = [](BitDraw&, const auto& made, const auto& passes) {
    auto found = made.d, expected = made.d;
    passes.pool(made.run, found.data());
    for (int64_t p = 0; p < made.run.pixels; ++p) {
      for (int64_t c = 0; c < made.run.channels; ++c) {
        const reference::Window window(made.run, p, c, false);
        const auto output = static_cast<size_t>(p * made.run.channels + c);
        expected[output] = made.d[static_cast<size_t>(window.winner)];
      }
    }
    REQUIRE(same_bits(found, expected));
  };
  for_cases<int16_t>(true, kSeed, check);
  for_cases<int32_t>(true, kSeed, check);
  for_cases<real>(true, kSeed, check);
}

TEST_CASE("values follow the expression") {
  for_all_cases([](BitDraw&, const auto& made, const auto& passes) {
    for (const norm::Activation& h : kActivations) {
      std::vector<real> found(made.outputs()), expected;
      passes.values(made.run, made.affine(), h, found.data());
      for (int64_t p = 0; p < made.run.pixels; ++p) {
        for (int64_t c = 0; c < made.run.channels; ++c) {
          const real y = reference::expression(made.run, made.affine(), p, c);
          expected.push_back(reference::activate(y, h));
        }
      }
      REQUIRE(found == expected);
    }
  });
}

TEST_CASE("codes are rounded products") {
  BitDraw draw(kSeed);
  for (int round = 0; round < 3000; ++round) {
    const int32_t top = (1 << draw.between(1, 8)) - 1;
    std::vector<real> r = reals(draw, draw.between(1, 100), 0, 1);
    std::vector<uint16_t> expected;
    for (real& v : r) {
      // Ties, and the ends.
      const auto code = static_cast<real>(draw.between(0, 2 * top)) / static_cast<real>(2 * top);
      v = draw.below(2) == 0 ? v : code;
      const auto scaled = static_cast<real>(top) * v;
      expected.push_back(static_cast<uint16_t>(reference::round(scaled, top)));
    }
    for (const norm::Kernels* row : rows()) {
      CAPTURE(row->name, round);
      std::vector<uint16_t> found(r.size() + 1, 0x55);
      row->codes(r.data(), static_cast<int64_t>(r.size()), top, found.data());
      REQUIRE(found.back() == 0x55);
      found.pop_back();
      REQUIRE(found == expected);
    }
  }
}

TEST_CASE("bits are the steps that numbers reach") {
  for_all_cases([](BitDraw& draw, const auto& made, const auto& passes) {
    using T = std::remove_const_t<std::remove_pointer_t<decltype(made.run.d)>>;
    const int64_t channels = made.run.channels, stride = (channels + 63) / 64 * 64;
    const int planes = static_cast<int>(draw.between(1, 4));
    const int top = (1 << planes) - 1;
    std::vector<T> above(static_cast<size_t>(top * stride), std::numeric_limits<T>::max());
    std::vector<T> below(above.size(), std::numeric_limits<T>::lowest());
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t start = draw.between(-30, 30), width = draw.between(0, 9);
      for (int64_t j = 0; j < top; ++j) {
        above[static_cast<size_t>(j * stride + c)] = static_cast<T>(start + j * width);
        below[static_cast<size_t>(j * stride + c)] = static_cast<T>(start - j * width - 3);
      }
    }
    const T* falling = draw.below(2) == 0 ? nullptr : below.data();
    const norm::Steps<T> steps{above.data(), falling, made.scale.data(), stride, top, planes};
    const int64_t words = stride / 64;
    std::vector<uint64_t> found(static_cast<size_t>(made.run.pixels * planes * words), 0x55);
    std::vector<uint64_t> expected(found.size(), 0);
    passes.bits(made.run, steps, found.data());
    for (int64_t p = 0; p < made.run.pixels; ++p) {
      for (int64_t c = 0; c < channels; ++c) {
        const auto code = static_cast<uint64_t>(reference::code(made.run, steps, p, c));
        for (int k = 0; k < planes; ++k) {
          const auto word = static_cast<size_t>((p * planes + k) * words + c / 64);
          expected[word] |= ((code >> k) & 1) << (c % 64);
        }
      }
    }
    REQUIRE(found == expected);
  });
}

}  // namespace
