// Table products of every instruction set against the reference, to the bit.

#include "fracbit/framework/kernels/table/table.h"

#include <algorithm>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "support/cases.h"
#include "support/catch.h"

namespace {

namespace table = fracbit::kernels::table;
using fracbit::real;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;
using table::kChannels, table::kCodes, table::kFilters, table::kVectors, table::kWord;
using table::Kernels, table::Method;

constexpr Method kEvery[] = {Method::table,  Method::pairs, Method::nibbles,
                             Method::planes, Method::signs, Method::dot};

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}
int codes_of(Method method) {
  return method == Method::dot ? 4 : kCodes;
}
int bits_of_codes(Method method, BitDraw& draw) {
  switch (method) {
    case Method::pairs:
      return static_cast<int>(draw.between(1, 5));
    case Method::nibbles:
      return static_cast<int>(draw.between(7, 8));
    case Method::dot:
      return static_cast<int>(draw.between(1, 8));
    default:
      return draw.below(2) == 0 ? 6 : static_cast<int>(draw.between(1, 6));
  }
}

/// Codes q of some steps, and the bits of s that they meet in a word of channels.
struct Operands {
  Method method;
  int32_t top;
  int64_t steps;
  std::vector<uint8_t> codes;   ///< [step][codes of a step]
  std::vector<uint64_t> words;  ///< [step][2 planes][16]

  Operands(BitDraw& draw, Method m, int64_t q_steps, int64_t s_steps, bool all_ones)
      : method(m), top((1 << bits_of_codes(m, draw)) - 1), steps(q_steps) {
    for (int64_t i = 0; i < q_steps * codes_of(m); ++i) {
      codes.push_back(static_cast<uint8_t>(all_ones ? top : draw.below(top + 1)));
    }
    for (int64_t i = 0; i < s_steps * 2 * kCodes; ++i) {
      words.push_back(all_ones ? ~uint64_t{0} : draw.word());
    }
  }

  /// As a set of kernels reads the codes; a step is `step` bytes.
  std::vector<uint8_t> q(const Kernels& kernels, int64_t step, int64_t misaligned) const {
    std::vector<uint8_t> made(at(misaligned + steps * step + 8));
    if (method == Method::dot) {
      for (int64_t i = 0; i < steps; ++i) {
        std::copy_n(codes.data() + 4 * i, 4, made.data() + misaligned + i * step);
      }
    } else {
      kernels.make_tables(method, codes.data(), steps, top, made.data() + misaligned, step);
    }
    return made;
  }

  /// The first `vectors` indices of each step side by side.
  std::vector<uint8_t> index(const Kernels& kernels, int vectors, int64_t misaligned) const {
    const int64_t bytes = table::index_bytes(method);
    const int64_t count = std::ssize(words) / (2 * kCodes);
    std::vector<uint8_t> made(at(misaligned)), four(at(kVectors * bytes));
    for (int64_t i = 0; i < count; ++i) {
      const uint64_t* from = words.data() + i * 2 * kCodes;
      if (method == Method::dot) {
        const uint64_t* const rows[4] = {from, from + 4, i % 3 == 0 ? nullptr : from + 8,
                                         from + 12};
        kernels.make_levels(rows, 3, 1, 2, -7, four.data(), bytes);
      } else {
        kernels.make_index(method, from, four.data(), bytes);
      }
      made.insert(made.end(), four.begin(), four.begin() + vectors * bytes);
    }
    return made;
  }
};

struct InputCase {
  Operands operands;
  int64_t k, pixels, misaligned;
  int vectors, channels;
  std::vector<int64_t> window, tap;
  std::vector<int32_t> terms, classes, class_of;
  std::vector<real> scale;

  InputCase(BitDraw& draw, Method method, int64_t steps, int64_t result_pixels, bool all_ones)
      : operands(draw, method, steps + result_pixels, steps, all_ones),
        k(steps),
        pixels(result_pixels),
        misaligned(draw.below(16)),
        vectors(static_cast<int>(draw.between(1, kVectors))),
        channels(vectors * kChannels - static_cast<int>(draw.below(kChannels))) {
    for (int64_t p = 0; p < pixels; ++p) {
      window.push_back(draw.below(pixels));
      terms.push_back(static_cast<int32_t>(draw.between(-999, 999)));
      class_of.push_back(static_cast<int32_t>(draw.below(3)));
      scale.push_back(draw.scale());
    }
    for (int64_t i = 0; i < k; ++i) tap.push_back(i);
    for (int i = 0; i < 3 * kWord; ++i) {
      classes.push_back(static_cast<int32_t>(draw.between(-999, 999)));
    }
  }

  std::vector<real> run(const Kernels& kernels) const {
    const Method method = operands.method;
    const int64_t bytes = table::table_bytes(method);
    const std::vector<uint8_t> q = operands.q(kernels, bytes, misaligned);
    const std::vector<uint8_t> index = operands.index(kernels, vectors, misaligned);
    std::vector<int64_t> to_window, to_tap, result;
    for (const int64_t p : window) to_window.push_back(p * bytes);
    for (const int64_t i : tap) to_tap.push_back(i * bytes);
    for (int64_t p = 0; p < pixels; ++p) result.push_back(p * (channels + 1));
    std::vector<real> y(at(pixels * (channels + 1)), 5);
    table::InputProduct d{};
    d.q = q.data() + misaligned, d.window = to_window.data(), d.tap = to_tap.data();
    d.pixels = pixels, d.k = k;
    d.index = index.data() + misaligned, d.vectors = vectors;
    d.most = operands.top * 7, d.factor = 2;
    d.pixel_term = terms.data(), d.pixel_class = class_of.data(), d.class_term = classes.data();
    d.scale = scale.data(), d.y = y.data(), d.result = result.data(), d.channels = channels;
    kernels.input[static_cast<int>(method)](d);
    return y;
  }
};

struct WeightCase {
  Operands operands;
  int64_t samples, blocks, streams, misaligned;
  int32_t unit;
  bool with_terms;
  std::vector<int64_t> stream, block, stream_term;
  std::vector<int32_t> start, term;
  std::vector<real> scale, sums;  ///< sums [stream][filter][channel]

  WeightCase(BitDraw& draw, Method method, int64_t block_count, bool all_ones)
      : operands(draw, method, 3 * block_count * kFilters, 3 * (block_count + 2), all_ones),
        samples(draw.between(1, 3)),
        blocks(block_count),
        streams(draw.between(1, 7)),
        misaligned(draw.below(16)),
        unit(static_cast<int32_t>(draw.between(1, 6))),
        with_terms(draw.below(2) == 0) {
    const auto integer = [&] { return static_cast<int32_t>(draw.between(-999, 999)); };
    for (int64_t t = 0; t < streams; ++t) {
      stream.push_back(draw.below(3));
      stream_term.push_back(kFilters * draw.below(2));
    }
    for (int64_t k = 0; k < blocks; ++k) block.push_back(k);
    for (int64_t i = 0; i < samples * streams * kChannels; ++i) start.push_back(integer());
    for (int64_t i = 0; i < samples * 2 * kFilters; ++i) term.push_back(integer());
    for (int64_t i = 0; i < samples; ++i) scale.push_back(draw.scale());
    for (int64_t i = 0; i < streams * kFilters * kChannels; ++i) sums.push_back(draw.scale());
  }

  std::vector<real> run(const Kernels& kernels) const {
    const Method method = operands.method;
    const int64_t bytes = table::table_bytes(method), one_index = table::index_bytes(method);
    const std::vector<uint8_t> q = operands.q(kernels, bytes, misaligned);
    const std::vector<uint8_t> index = operands.index(kernels, 1, misaligned);
    std::vector<int64_t> to_stream, to_block;
    for (const int64_t i : stream) to_stream.push_back(i * one_index);
    for (const int64_t i : block) to_block.push_back(i * one_index);
    std::vector<real> laid(sums.size());
    for_each_sum(kernels.streams, [&](size_t ours, size_t theirs) { laid[theirs] = sums[ours]; });
    table::WeightProduct d{};
    d.samples = samples, d.blocks = blocks, d.streams = streams;
    d.q = q.data() + misaligned, d.q_filter = bytes, d.q_block = kFilters * bytes;
    d.q_sample = blocks * d.q_block;
    d.index = index.data() + misaligned, d.index_sample = blocks * one_index;
    d.stream = to_stream.data(), d.block = to_block.data();
    d.most = operands.top * 7, d.unit = unit;
    d.start = start.data(), d.start_sample = streams * kChannels;
    d.term = with_terms ? term.data() : nullptr, d.term_sample = 2 * kFilters;
    d.stream_term = stream_term.data(), d.scale = scale.data(), d.sums = laid.data();
    kernels.weight[static_cast<int>(method)](d);
    std::vector<real> result(sums.size());
    for_each_sum(kernels.streams, [&](size_t ours, size_t theirs) { result[ours] = laid[theirs]; });
    return result;
  }

  std::vector<int32_t> run_sums(const Kernels& kernels) const {
    const Method method = operands.method;
    const int64_t bytes = table::table_bytes(method), one_index = table::index_bytes(method);
    const std::vector<uint8_t> q = operands.q(kernels, bytes, misaligned);
    const std::vector<uint8_t> index = operands.index(kernels, 1, misaligned);
    std::vector<int64_t> to_stream, to_block;
    for (const int64_t i : stream) to_stream.push_back(i * one_index);
    for (const int64_t i : block) to_block.push_back(i * one_index);
    std::vector<int32_t> result(at(streams * kChannels));
    kernels.index_sum[static_cast<int>(method)](
        {blocks, streams, index.data() + misaligned, to_stream.data(), to_block.data(),
         q.data() + misaligned, bytes, -unit, start.data(), result.data()});
    return result;
  }

 private:
  template <typename F>
  void for_each_sum(int64_t most, const F& f) const {
    for (int64_t t = 0; t < streams; ++t) {
      const int64_t first = t / most * most, together = std::min(most, streams - first);
      for (int64_t filter = 0; filter < kFilters; ++filter) {
        for (int64_t c = 0; c < kChannels; ++c) {
          f(at((t * kFilters + filter) * kChannels + c),
            at((first * kFilters + filter * together + t - first) * kChannels + c));
        }
      }
    }
  }
};

/// Calls body(kernels, method) for all that any instruction set of this machine has.
template <typename Body>
void for_each_method(const Body& body) {
  for (const fracbit::Isa isa : fracbit::supported_isas()) {
    const Kernels* kernels = table::find(std::string(isa_name(isa)).c_str());
    if (kernels == nullptr) continue;
    for (const Method method : kEvery) {
      CAPTURE(kernels->name, static_cast<int>(method));
      body(*kernels, method);
    }
  }
}

int64_t whole(Method method, int64_t steps) {
  return (steps + table::depth(method) - 1) / table::depth(method) * table::depth(method);
}

constexpr int kCases = 1500;

}  // namespace

TEST_CASE("input products by tables equal the reference on every instruction set") {
  const Kernels& reference = *table::find("reference");
  for_each_method([&](const Kernels& kernels, Method method) {
    if (kernels.input[static_cast<int>(method)] == nullptr) return;
    BitDraw draw(51);
    for (int i = 0; i < cases(kCases); ++i) {
      const int64_t k = i % 16 == 0 ? 1 : i % 500 == 1 ? draw.between(1, 300) : draw.between(1, 9);
      const InputCase c(draw, method, whole(method, k), draw.between(1, 11), draw.below(16) == 0);
      CAPTURE(i, c.k, c.pixels, c.vectors, c.channels, c.operands.top, c.misaligned);
      REQUIRE(c.run(kernels) == c.run(reference));
    }
    const InputCase most(draw, method, (1 << 20) / codes_of(method), 1, true);
    REQUIRE(most.run(kernels) == most.run(reference));
  });
}

TEST_CASE("weight products by tables equal the reference on every instruction set") {
  const Kernels& reference = *table::find("reference");
  for_each_method([&](const Kernels& kernels, Method method) {
    if (kernels.weight[static_cast<int>(method)] == nullptr) return;
    BitDraw draw(52);
    for (int i = 0; i < cases(kCases); ++i) {
      const int64_t blocks = i % 16 == 0    ? 1
                             : i % 500 == 1 ? draw.between(1, 90)
                                            : draw.between(1, 5);
      const WeightCase c(draw, method, whole(method, blocks), draw.below(16) == 0);
      CAPTURE(i, c.blocks, c.streams, c.samples, c.operands.top, c.unit, c.misaligned);
      REQUIRE(c.run(kernels) == c.run(reference));
      if (method != Method::nibbles) REQUIRE(c.run_sums(kernels) == c.run_sums(reference));
    }
    const WeightCase most(draw, method, 1 << 10, true);
    REQUIRE(most.run(kernels) == most.run(reference));
  });
}

TEST_CASE("codes are turned and summed alike on every instruction set") {
  const Kernels& reference = *table::find("reference");
  BitDraw draw(53);
  for (int i = 0; i < cases(kCases); ++i) {
    const int64_t step = draw.between(16, 40), filters = draw.between(1, 200);
    std::vector<uint8_t> codes(at(17 * filters + 16 * 16));
    for (uint8_t& q : codes) q = static_cast<uint8_t>(draw.below(256));
    const uint8_t* rows[kCodes];
    for (int r = 0; r < kCodes; ++r) rows[r] = codes.data() + draw.below(std::ssize(codes) - 15);
    std::vector<uint8_t> turned(at(16 * step)), expected(turned);
    std::vector<int32_t> sums(17), expected_sums(17);
    reference.turn(rows, expected.data(), step);
    reference.code_sums(codes.data() + i % 16, 16, filters, expected_sums.data());
    for (const fracbit::Isa isa : fracbit::supported_isas()) {
      const Kernels* kernels = table::find(std::string(isa_name(isa)).c_str());
      if (kernels == nullptr) continue;
      CAPTURE(kernels->name, i, step, filters);
      kernels->turn(rows, turned.data(), step);
      REQUIRE(turned == expected);
      kernels->code_sums(codes.data() + i % 16, 16, filters, sums.data());
      REQUIRE(sums == expected_sums);
    }
  }
}
