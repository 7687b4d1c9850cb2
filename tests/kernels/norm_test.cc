// Passes of a block on every instruction set against plain loops, to the bit.

#include "fracbit/framework/kernels/norm/norm.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/random.h"
#include "norm_reference.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
namespace norm = fracbit::kernels::norm;
namespace reference = fracbit::testing::norm_reference;
using fracbit::testing::BitDraw;

constexpr uint64_t kSeed = 31;

std::vector<const norm::Kernels*> rows() {
  std::vector<const norm::Kernels*> found;
  for (Isa isa : supported_isas()) {
    found.push_back(&norm::find(std::string(isa_name(isa)).c_str()));
  }
  return found;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

std::vector<real> reals(BitDraw& draw, int64_t size, real low, real high) {
  std::vector<real> made(static_cast<size_t>(size));
  for (real& v : made) {
    v = low + (high - low) * static_cast<real>(draw.below(1 << 20)) / static_cast<real>(1 << 20);
  }
  return made;
}

/// Numbers with ties, a few of them as large as they get.
template <typename T>
std::vector<T> numbers(BitDraw& draw, int64_t size) {
  std::vector<T> made(static_cast<size_t>(size));
  const int64_t most = draw.of<int64_t>({2, 30, 32767});
  const int64_t extreme = sizeof(T) == 2 ? 32767 : 1 << 24;
  for (T& v : made) {
    const int64_t whole =
        draw.below(50) == 0 ? draw.of<int64_t>({-extreme, extreme}) : draw.between(-most, most);
    v = static_cast<T>(whole);
  }
  return made;
}

/// One run over random numbers, with slopes of both signs and zeros.
template <typename T>
struct Case {
  Case(BitDraw& draw, int64_t channels, int64_t pixels, bool pool)
      : below(pool ? 2 * pixels * channels + draw.below(3) * channels : 0),
        d(numbers<T>(draw, pool ? below + 2 * pixels * channels : pixels * channels)),
        scale(reals(draw, (channels + 63) / 64 * 64, real{-0.1f}, real{0.1f})),
        shift(reals(draw, channels, -1, 1)),
        centre(reals(draw, channels, -3, 3)),
        a(reals(draw, channels, -2, 2)),
        b(reals(draw, channels, -1, 1)),
        c(reals(draw, channels, -1, 1)),
        dout(reals(draw, pixels * channels, -1, 1)),
        run{d.data(), below, pixels, channels} {
    for (real& s : scale) s = draw.below(8) == 0 ? draw.of<real>({0, real{-0.0}}) : s;
  }
  norm::Affine affine() const { return {scale.data(), shift.data()}; }
  norm::Coefficients coefficients() const { return {a.data(), b.data(), c.data()}; }
  size_t outputs() const { return dout.size(); }

  int64_t below;
  std::vector<T> d;
  std::vector<real> scale, shift, centre, a, b, c, dout;
  norm::Run<T> run;
};

constexpr real kEnd = std::numeric_limits<real>::infinity();
constexpr real kLeast = std::numeric_limits<real>::denorm_min();

const norm::Activation kActivations[] = {{false, -kEnd, kEnd, -kEnd, kEnd},
                                         {false, 0, kEnd, kLeast, kEnd},
                                         {false, 0, 1, 0, 1},
                                         {true, 0, 1, kLeast, 0.9999f},
                                         {false, -1, 1, -1, 1}};

template <typename T, typename Check>
void for_cases(bool pool, uint64_t seed, Check check) {
  BitDraw draw(seed);
  for (const int64_t channels : {1, 24, 33, 64, 130, 300}) {
    for (const int64_t pixels : {1, 3, 6, 33}) {
      const Case<T> made(draw, channels, pixels, pool);
      CAPTURE(seed, channels, pixels, pool, sizeof(T));
      for (const norm::Kernels* row : rows()) {
        CAPTURE(row->name);
        check(draw, made, norm::passes<T>(*row));
      }
    }
  }
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

TEST_CASE("sums of whole numbers and of their squares are exact") {
  const auto check = [](BitDraw&, const auto& made, const auto& passes) {
    const int64_t channels = made.run.channels;
    int64_t most = 1;
    for (const auto v : made.d) most = std::max<int64_t>(most, std::abs(static_cast<int64_t>(v)));
    std::vector<int64_t> found(static_cast<size_t>(3 * channels), 5), expected = found;
    passes.sums(made.d.data(), made.run.pixels, channels, most, found.data(),
                found.data() + channels, found.data() + 2 * channels);
    bool same = true;
    for (int64_t c = 0; c < channels; ++c) {
      int64_t sum = 5, squares = 5 + 5 * (int64_t{1} << 32);
      for (int64_t p = 0; p < made.run.pixels; ++p) {
        const auto v = static_cast<int64_t>(made.d[static_cast<size_t>(p * channels + c)]);
        sum += v;
        squares += v * v;
      }
      const auto i = static_cast<size_t>(c), n = static_cast<size_t>(channels);
      same = same && found[i] == sum;
      same = same && found[n + i] + found[2 * n + i] * (int64_t{1} << 32) == squares;
    }
    REQUIRE(same);
  };
  for_cases<int16_t>(false, kSeed, check);
  for_cases<int32_t>(false, kSeed, check);
  for_cases<real>(false, kSeed, check);
}

TEST_CASE("sums of many large squares do not overflow") {
  const int64_t pixels = 5000, channels = 64;
  const std::vector<int16_t> d(static_cast<size_t>(pixels * channels), -32767);
  for (const norm::Kernels* row : rows()) {
    CAPTURE(row->name);
    std::vector<int64_t> found(static_cast<size_t>(3 * channels));
    row->int16.sums(d.data(), pixels, channels, 32767, found.data(), found.data() + channels,
                    found.data() + 2 * channels);
    for (size_t c = 0; c < 64; ++c) {
      REQUIRE(found[c] == -32767 * pixels);
      REQUIRE(found[64 + c] + (found[128 + c] << 32) == int64_t{32767} * 32767 * pixels);
    }
  }
}

TEST_CASE("pools take the first largest number, and give gradients back to it") {
  const auto check = [](BitDraw&, const auto& made, const auto& passes) {
    auto found = made.d, expected = made.d;
    std::vector<real> dx(made.d.size(), 9), expected_dx = dx;
    passes.pool(made.run, found.data());
    passes.unpool(made.run, made.dout.data(), dx.data());
    for (int64_t p = 0; p < made.run.pixels; ++p) {
      for (int64_t c = 0; c < made.run.channels; ++c) {
        const reference::Window window(made.run, p, c, false);
        const auto output = static_cast<size_t>(p * made.run.channels + c);
        expected[output] = made.d[static_cast<size_t>(window.winner)];
        for (const int64_t i : window.at) {
          expected_dx[static_cast<size_t>(i)] = i == window.winner ? made.dout[output] : 0;
        }
      }
    }
    REQUIRE(same_bits(found, expected));
    REQUIRE(same_bits(dx, expected_dx));
  };
  for_cases<int16_t>(true, kSeed, check);
  for_cases<int32_t>(true, kSeed, check);
  for_cases<real>(true, kSeed, check);
}

TEST_CASE("values and rounded codes follow the expression") {
  for_all_cases([](BitDraw& draw, const auto& made, const auto& passes) {
    for (const norm::Activation& h : kActivations) {
      std::vector<real> found(made.outputs()), expected;
      passes.values(made.run, made.affine(), h, found.data());
      const int32_t top = (1 << draw.between(1, 8)) - 1;
      std::vector<uint16_t> codes(made.outputs()), expected_codes;
      passes.codes(made.run, made.affine(), h.two_sided, top, codes.data());
      for (int64_t p = 0; p < made.run.pixels; ++p) {
        for (int64_t c = 0; c < made.run.channels; ++c) {
          const real y = reference::expression(made.run, made.affine(), p, c);
          expected.push_back(reference::activate(y, h));
          const real r = h.two_sided ? std::abs(y) : y;
          expected_codes.push_back(
              static_cast<uint16_t>(reference::round(static_cast<real>(top) * r, top)));
        }
      }
      REQUIRE(found == expected);
      REQUIRE(codes == expected_codes);
    }
  });
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

TEST_CASE("gradient sums and gradients have the bits of their order") {
  for_all_cases([](BitDraw&, const auto& made, const auto& passes) {
    for (const norm::Activation& h : kActivations) {
      const auto channels = static_cast<size_t>(made.run.channels);
      std::vector<double> sums(2 * channels, 1), expected_sums = sums;
      passes.gradient_sums(made.run, made.affine(), h, made.centre.data(), made.dout.data(),
                           sums.data(), sums.data() + channels);
      reference::gradient_sums(made.run, made.affine(), h, made.centre.data(), made.dout.data(),
                               expected_sums.data(), expected_sums.data() + channels);
      REQUIRE(sums == expected_sums);
      std::vector<real> g(made.d.size(), 9), expected_g = g;
      const real most = passes.gradient(made.run, made.affine(), h, made.coefficients(),
                                        made.dout.data(), g.data());
      REQUIRE(most == reference::gradient(made.run, made.affine(), h, made.coefficients(),
                                          made.dout.data(), expected_g.data()));
      REQUIRE(g == expected_g);
    }
    if (made.run.below != 0) return;
    std::vector<real> g(made.d.size()), expected_g = g;
    const real most = passes.gradient(made.run, made.affine(), kActivations[0], made.coefficients(),
                                      nullptr, g.data());
    REQUIRE(most == reference::gradient(made.run, made.affine(), kActivations[0],
                                        made.coefficients(), nullptr, expected_g.data()));
    REQUIRE(g == expected_g);
  });
}

TEST_CASE("moments of a block have the bits of their order") {
  BitDraw draw(kSeed);
  for (const int64_t channels : {1, 16, 33, 300}) {
    for (const int64_t pixels : {1, 5, 40}) {
      const std::vector<real> x = reals(draw, pixels * channels, 3, 5);
      const auto at = [&](int64_t p, int64_t c) {
        return x[static_cast<size_t>(p * channels + c)];
      };
      std::vector<double> sum(static_cast<size_t>(channels)), squares = sum;
      reference::add_in_runs(pixels, channels, sum.data(), at);
      std::vector<real> centre;
      for (const double s : sum)
        centre.push_back(static_cast<real>(s / static_cast<double>(pixels)));
      reference::add_in_runs(pixels, channels, squares.data(), [&](int64_t p, int64_t c) {
        const real off = at(p, c) - centre[static_cast<size_t>(c)];
        return off * off;
      });
      for (size_t c = 0; c < sum.size(); ++c) {
        const auto n = static_cast<double>(pixels);
        const double off = sum[c] / n - static_cast<double>(centre[c]);
        squares[c] -= n * off * off;
      }
      for (const norm::Kernels* row : rows()) {
        CAPTURE(kSeed, row->name, channels, pixels);
        std::vector<double> found_sum(sum.size(), 7), found_squares(sum.size(), 7);
        row->moments(x.data(), pixels, channels, found_sum.data(), found_squares.data());
        REQUIRE(found_sum == sum);
        REQUIRE(found_squares == squares);
      }
    }
  }
}

TEST_CASE("noise is that of Random") {
  for (const norm::Kernels* row : rows()) {
    for (const int64_t first : {int64_t{0}, int64_t{77}, (int64_t{1} << 32) - 40}) {
      for (const int64_t blocks : {1, 7, 8, 31, 32, 33, 100}) {
        CAPTURE(row->name, first, blocks);
        const Random random(kSeed, 7, (uint64_t{5} << 32) + 3, Purpose::gradient_noise);
        const auto counter = random.counter(first);
        const norm::Philox philox{{counter[0], counter[1], counter[2], counter[3]},
                                  {random.key()[0], random.key()[1]}};
        std::vector<real> sigma(static_cast<size_t>(4 * blocks) + 1, 9);
        row->noise(philox, blocks, sigma.data());
        bool same = sigma.back() == 9;
        for (int64_t i = 0; i < 4 * blocks; ++i) {
          // Past the last block of 2^32 the counter starts again.
          const int64_t block = (first + i / 4) & 0xffffffff;
          const double expected = random.noise(4 * block + i % 4);
          same = same && static_cast<double>(sigma[static_cast<size_t>(i)]) == expected;
        }
        REQUIRE(same);
      }
    }
  }
}

TEST_CASE("gradient codes round halves up, also where adding a half would round") {
  BitDraw draw(kSeed);
  const real nan = std::numeric_limits<real>::quiet_NaN();
  for (const int bits : {1, 2, 6, 8, 12, 16}) {
    const int32_t top = (1 << bits) - 1;
    // Values around every half, and what is far or no number.
    std::vector<real> g{nan, kEnd, -kEnd, 0, real{-0.0}, real{1e30f}, real{-1e30f}};
    for (int64_t i = 0; i < 500; ++i) {
      const real half = static_cast<real>(draw.below(top + 1)) + real{0.5};
      for (const real v : {half, std::nextafter(half, real{0}), std::nextafter(half, kEnd)}) {
        g.push_back(v - static_cast<real>(top) / 2);
      }
    }
    std::vector<real> sigma = reals(draw, static_cast<int64_t>(g.size()), real{-0.5f}, real{0.5f});
    std::fill(sigma.begin(), sigma.begin() + 700, real{0});
    const norm::GradientMap map{draw.of<real>({1, 2}), draw.of<real>({1, real{0.75}})};
    std::vector<int32_t> expected;
    for (size_t i = 0; i < g.size(); ++i) {
      const real centred = g[i] * map.up * map.slope + static_cast<real>(top) / 2;
      expected.push_back(reference::round(centred + sigma[i], top));
    }
    const auto size = static_cast<int64_t>(g.size());
    for (const norm::Kernels* row : rows()) {
      CAPTURE(kSeed, row->name, bits, map.up, map.slope);
      std::vector<uint16_t> words(g.size());
      row->gradient_codes16(g.data(), sigma.data(), size, map, top, words.data());
      REQUIRE(std::equal(words.begin(), words.end(), expected.begin()));
      if (bits > 8) continue;
      std::vector<uint8_t> bytes(g.size());
      row->gradient_codes8(g.data(), sigma.data(), size, map, top, bytes.data());
      REQUIRE(std::equal(bytes.begin(), bytes.end(), expected.begin()));
    }
  }
}

}  // namespace
