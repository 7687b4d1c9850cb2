// Passes of training on every instruction set against plain loops, to the bit.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/norm/training/training.h"
#include "fracbit/framework/random.h"
#include "norm_case.h"
#include "norm_reference.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using namespace fracbit::testing::norm_case;
namespace training = fracbit::kernels::norm::training;
namespace reference = fracbit::testing::norm_reference;
using fracbit::testing::BitDraw;

std::vector<const training::Kernels*> rows() {
  std::vector<const training::Kernels*> found;
  for (Isa isa : supported_isas()) {
    found.push_back(&training::find(std::string(isa_name(isa)).c_str()));
  }
  return found;
}

template <typename T, typename Check>
void for_cases(bool pool, uint64_t seed, Check check) {
  for_runs<T>(pool, seed, [&](BitDraw& draw, const Case<T>& made) {
    for (const training::Kernels* row : rows()) {
      CAPTURE(row->name);
      check(draw, made, training::passes<T>(*row));
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
  for (const training::Kernels* row : rows()) {
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

TEST_CASE("pools give gradients back to the first largest number") {
  const auto check = [](BitDraw&, const auto& made, const auto& passes) {
    std::vector<real> dx(made.d.size(), 9), expected_dx = dx;
    passes.unpool(made.run, made.dout.data(), dx.data());
    for (int64_t p = 0; p < made.run.pixels; ++p) {
      for (int64_t c = 0; c < made.run.channels; ++c) {
        const reference::Window window(made.run, p, c, false);
        const auto output = static_cast<size_t>(p * made.run.channels + c);
        for (const int64_t i : window.at) {
          expected_dx[static_cast<size_t>(i)] = i == window.winner ? made.dout[output] : 0;
        }
      }
    }
    REQUIRE(same_bits(dx, expected_dx));
  };
  for_cases<int16_t>(true, kSeed, check);
  for_cases<int32_t>(true, kSeed, check);
  for_cases<real>(true, kSeed, check);
}

template <typename T>
void check_winners(const training::Kernels& row, int64_t channels, int64_t size, int64_t stride) {
  constexpr int64_t kPixels = 5;
  const int64_t width = (kPixels - 1) * stride + size, count = size * width * channels;
  BitDraw draw(kSeed + static_cast<uint64_t>(channels));
  std::vector<T> d(static_cast<size_t>(count)), found(static_cast<size_t>(kPixels * channels));
  std::vector<real> scale(static_cast<size_t>(channels)), dy(found.size()), dx(d.size(), 3);
  for (T& v : d) v = static_cast<T>(draw.between(-3, 3));
  for (real& v : scale) v = static_cast<real>(draw.between(-1, 1));
  for (real& v : dy) v = static_cast<real>(draw.between(-9, 9));
  const training::Windows<T> windows{d.data(), width * channels, stride * channels, size,
                                     size,     kPixels,          channels,          scale.data()};
  std::vector<T> expected(found.size());
  std::vector<real> expected_dx = dx;
  for (int64_t p = 0; p < kPixels; ++p) {
    for (int64_t c = 0; c < channels; ++c) {
      const T sign = scale[static_cast<size_t>(c)] < 0 ? T{-1} : T{1};
      int64_t best = -1;
      for (int64_t t = 0; t < size * size; ++t) {
        const int64_t at = (t / size * width + p * stride + t % size) * channels + c;
        const auto ordered = [&](int64_t i) { return d[static_cast<size_t>(i)] * sign; };
        if (best < 0 || ordered(at) > ordered(best)) best = at;
      }
      const auto output = static_cast<size_t>(p * channels + c);
      expected[output] = d[static_cast<size_t>(best)];
      expected_dx[static_cast<size_t>(best)] += dy[output];
    }
  }
  training::passes<T>(row).winners(windows, found.data());
  training::passes<T>(row).give_back(windows, dy.data(), dx.data());
  REQUIRE(found == expected);
  REQUIRE(dx == expected_dx);
}

TEST_CASE("windows of any size have their first largest number, and give it its gradient") {
  for (const training::Kernels* row : rows()) {
    CAPTURE(row->name);
    for (const int64_t channels : {1, 7, 16, 37}) {
      for (const int64_t size : {1, 3}) {
        check_winners<int16_t>(*row, channels, size, 2);
        check_winners<int32_t>(*row, channels, size, 1);
        check_winners<real>(*row, channels, size, 2);
      }
    }
  }
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
      for (const training::Kernels* row : rows()) {
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
  for (const training::Kernels* row : rows()) {
    for (const int64_t first : {int64_t{0}, int64_t{77}, (int64_t{1} << 32) - 40}) {
      for (const int64_t blocks : {1, 7, 8, 31, 32, 33, 100}) {
        CAPTURE(row->name, first, blocks);
        const Random random(kSeed, 7, (uint64_t{5} << 32) + 3, Purpose::gradient_noise);
        const auto counter = random.counter(first);
        const training::Philox philox{{counter[0], counter[1], counter[2], counter[3]},
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
    const training::GradientMap map{draw.of<real>({1, 2}), draw.of<real>({1, real{0.75}})};
    std::vector<int32_t> expected;
    for (size_t i = 0; i < g.size(); ++i) {
      const real centred = g[i] * map.up * map.slope + static_cast<real>(top) / 2;
      expected.push_back(reference::round(centred + sigma[i], top));
    }
    const auto size = static_cast<int64_t>(g.size());
    for (const training::Kernels* row : rows()) {
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
