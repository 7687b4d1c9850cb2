// Every instruction set computes what the plain loops compute, exactly.

#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/intdot/training/training.h"
#include "support/cases.h"
#include "support/catch.h"

namespace {

namespace intdot = fracbit::kernels::intdot;
namespace training = fracbit::kernels::intdot::training;
using fracbit::real;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;
using intdot::kBlock;
using intdot::kGroup;
using intdot::kLanes;

/// What `find` has for each instruction set of this machine.
template <typename Kernels>
std::vector<const Kernels*> rows(const Kernels* (*find)(const char*) noexcept) {
  std::vector<const Kernels*> found;
  for (fracbit::Isa isa : fracbit::supported_isas()) {
    found.push_back(find(std::string(isa_name(isa)).c_str()));
  }
  return found;
}

/// Bytes that start anywhere within a vector; sometimes the extremes alone.
struct Bytes {
  std::vector<uint8_t> all;
  size_t offset;

  Bytes(BitDraw& draw, int64_t size) : offset(static_cast<size_t>(draw.below(64))) {
    all.resize(static_cast<size_t>(size) + offset);
    const int64_t kind = draw.below(8);
    for (size_t i = 0; i < all.size(); i += 8) {
      const uint64_t word = kind == 0   ? ~uint64_t{0}
                            : kind == 1 ? 0x8080808080808080u
                            : kind == 2 ? 0x8000800080008000u
                                        : draw.word();
      for (size_t j = i; j < std::min(i + 8, all.size()); ++j) {
        all[j] = static_cast<uint8_t>(word >> (8 * (j - i)));
      }
    }
  }
  const uint8_t* data() const { return all.data() + offset; }
};

int64_t padded(int64_t lanes) {
  return (lanes + kLanes - 1) / kLanes * kLanes;
}

/// One random call of a product.
struct ProductCase {
  intdot::Product d{};
  std::vector<int64_t> window, tap, place;
  std::vector<int32_t> term, term_row;
  std::vector<real> scale;
  int64_t outputs = 0;

  ProductCase(BitDraw& draw, std::vector<Bytes>& memory) {
    d.pixels = draw.between(1, 21);
    d.taps = draw.of<int64_t>({0, 1, 1, 2, 9});
    d.run = draw.of<int64_t>({1, 2, 3, 16, 17});
    d.lanes = draw.of<int64_t>({1, 3, 15, 16, 17, 32, 33, 48, 63, 64, 65});
    const int64_t size = draw.between(1, 40);
    memory.emplace_back(draw, (2 * size + d.run) * kGroup);
    d.x = memory.back().data();
    memory.emplace_back(draw, padded(d.lanes) * d.taps * d.run * kGroup);
    d.w = memory.back().data();
    const int64_t out_step = d.lanes + draw.below(5);
    for (int64_t p = 0; p < d.pixels; ++p) {
      window.push_back(draw.below(size) * kGroup);
      place.push_back((d.pixels - 1 - p) * out_step);
      scale.push_back(draw.scale());
    }
    for (int64_t t = 0; t < d.taps; ++t) tap.push_back(draw.below(size) * kGroup);
    outputs = d.pixels * out_step;
    d.term_step = padded(d.lanes) + draw.below(2) * kLanes;
    for (int64_t i = 0; i < 3 * d.term_step; ++i) {
      term.push_back(static_cast<int32_t>(draw.between(-100000, 100000)));
    }
    for (int64_t p = 0; p < d.pixels; ++p) term_row.push_back(static_cast<int32_t>(draw.below(3)));
    d.factor = static_cast<int>(draw.between(1, 2));
    d.scale_step = draw.below(2);
    d.window = window.data();
    d.tap = tap.data();
    d.place = place.data();
    d.term = term.data();
    if (draw.below(2)) d.term_row = term_row.data();
    d.scale = scale.data();
  }

  std::vector<int32_t> integers(void (*product)(const intdot::Product&) noexcept) {
    std::vector<int32_t> out(static_cast<size_t>(outputs), -7);
    d.out = out.data();
    product(d);
    return out;
  }
  std::vector<real> scaled(const training::Format& format) {
    std::vector<real> y(static_cast<size_t>(outputs), -7);
    d.y = y.data();
    format.scaled(d);
    return y;
  }
};

TEST_CASE("integer dot products equal the plain loops on every instruction set") {
  const intdot::Kernels& reference = *intdot::find("reference");
  const training::Kernels& plain = *training::find("reference");
  BitDraw draw(51);
  for (int i = 0; i < cases(2500); ++i) {
    std::vector<Bytes> memory;
    memory.reserve(2);
    ProductCase c(draw, memory);
    CAPTURE(i, c.d.pixels, c.d.taps, c.d.run, c.d.lanes, c.d.factor);
    for (const auto format : {&intdot::Kernels::bytes, &intdot::Kernels::words}) {
      const auto integers = c.integers(reference.*format);
      for (const intdot::Kernels* row : rows(intdot::find)) {
        CAPTURE(row->name);
        REQUIRE(c.integers(row->*format) == integers);
      }
    }
    for (const auto format : {&training::Kernels::bytes, &training::Kernels::words}) {
      const auto scaled = c.scaled(plain.*format);
      for (const training::Kernels* row : rows(training::find)) {
        CAPTURE(row->name);
        REQUIRE(c.scaled(row->*format) == scaled);
      }
    }
  }
}

/// One random call of an outer product.
struct OuterCase {
  training::Outer d{};
  std::vector<int32_t> term;
  std::vector<real> scale, start;

  OuterCase(BitDraw& draw, std::vector<Bytes>& memory) {
    d.samples = draw.between(1, 4);
    d.lines = draw.between(1, 4);
    d.run = draw.between(1, 5);
    d.rows = static_cast<int>(draw.between(1, 20));
    d.lanes = kLanes * static_cast<int>(draw.between(1, 7));
    d.g_step = kGroup * (d.rows + draw.below(3));
    d.g_line = d.run * d.g_step + kGroup * draw.below(3);
    d.g_sample = d.lines * d.g_line;
    d.x_step = d.lanes * kGroup + kBlock * draw.below(2);
    d.x_line = (1 + draw.below(2)) * d.run * d.x_step;
    d.x_sample = d.lines * d.x_line;
    memory.emplace_back(draw, d.samples * d.g_sample);
    d.g = memory.back().data();
    memory.emplace_back(draw, d.samples * d.x_sample);
    d.x = memory.back().data();
    d.factor = static_cast<int>(draw.between(1, 2));
    d.term_sample = d.lanes;
    for (int64_t i = 0; i < d.samples * d.lanes; ++i) {
      term.push_back(static_cast<int32_t>(draw.between(-100000, 100000)));
    }
    for (int64_t b = 0; b < d.samples; ++b) scale.push_back(draw.below(5) == 0 ? 0 : draw.scale());
    d.sum_step = d.lanes + draw.below(4);
    for (int64_t i = 0; i < d.rows * d.sum_step; ++i) start.push_back(draw.scale() - 1);
    d.term = term.data();
    d.scale = scale.data();
  }

  std::vector<real> outer(const training::Format& format) {
    std::vector<real> sum = start;
    d.sum = sum.data();
    format.outer(d);
    return sum;
  }
  std::vector<int32_t> sums(const training::Format& format) {
    std::vector<int32_t> to(term.size(), -7);
    format.sums(d, -63, to.data());
    return to;
  }
};

TEST_CASE("outer products over samples equal the plain loops on every instruction set") {
  const training::Kernels& reference = *training::find("reference");
  BitDraw draw(52);
  for (int i = 0; i < cases(2500); ++i) {
    std::vector<Bytes> memory;
    memory.reserve(2);
    OuterCase c(draw, memory);
    CAPTURE(i, c.d.samples, c.d.lines, c.d.run, c.d.rows, c.d.lanes);
    for (const auto format : {&training::Kernels::bytes, &training::Kernels::words}) {
      const auto outer = c.outer(reference.*format);
      const auto sums = c.sums(reference.*format);
      for (const training::Kernels* row : rows(training::find)) {
        CAPTURE(row->name);
        REQUIRE(c.outer(row->*format) == outer);
        REQUIRE(c.sums(row->*format) == sums);
      }
    }
  }
}

TEST_CASE("interleaving equals the plain loops on every instruction set") {
  const training::Kernels& reference = *training::find("reference");
  BitDraw draw(53);
  for (int i = 0; i < cases(400); ++i) {
    const int64_t n = draw.between(1, 70);
    const Bytes memory(draw, 8 * n);
    const uint8_t* bytes[4];
    std::vector<int16_t> numbers[2];
    for (int64_t j = 0; j < 4; ++j) bytes[j] = memory.data() + j * n;
    for (int64_t j = 0; j < 2 * n; ++j) {
      numbers[j / n].push_back(static_cast<int16_t>(memory.data()[2 * j] << 8 | j));
    }
    const int16_t* words[2] = {numbers[0].data(), numbers[1].data()};
    const int64_t step = kBlock * draw.between(1, 3);
    const auto run = [&](const training::Kernels& kernels) {
      std::vector<uint8_t> to(static_cast<size_t>(2 * 5 * step), 7);
      kernels.interleave_bytes(bytes, n, to.data(), step);
      kernels.interleave_words(words, n, to.data() + 5 * step, step);
      return to;
    };
    CAPTURE(i, n);
    for (const training::Kernels* row : rows(training::find)) REQUIRE(run(*row) == run(reference));
  }
}

TEST_CASE("there are no integer dot kernels for an unknown instruction set") {
  REQUIRE(intdot::find("abacus") == nullptr);
  REQUIRE(training::find("abacus") == nullptr);
}

}  // namespace
