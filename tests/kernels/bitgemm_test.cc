// Every instruction set computes what the bit-by-bit loops compute, exactly.

#include <algorithm>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/kernels/lookup/lookup.h"
#include "support/cases.h"
#include "support/catch.h"

namespace {

namespace bitgemm = fracbit::kernels::bitgemm;
namespace lookup = fracbit::kernels::lookup;
using bitgemm::kFilters;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;

std::vector<const bitgemm::Kernels*> rows() {
  std::vector<const bitgemm::Kernels*> found;
  for (fracbit::Isa isa : fracbit::supported_isas()) {
    found.push_back(bitgemm::find(std::string(isa_name(isa)).c_str()));
  }
  return found;
}

/// Operands of one kernel call with everything random, and memory that starts anywhere.
struct Case {
  bitgemm::Product product{};
  std::vector<uint64_t> x, w;
  std::vector<int64_t> window, tap;
  std::vector<int32_t> pixel_term, filter_term, pixel_class, out;

  explicit Case(BitDraw& draw);
  template <typename T>
  std::vector<T> run_as(void (*kernel)(const bitgemm::Product&) noexcept) {
    std::vector<T> result(out.begin(), out.end());
    product.narrow = sizeof(T) == 2;
    product.out = result.data();
    kernel(product);
    return result;
  }
  /// As int32, and then the same as int16.
  std::vector<int32_t> run(void (*kernel)(const bitgemm::Product&) noexcept) {
    std::vector<int32_t> result = run_as<int32_t>(kernel);
    const std::vector<int16_t> narrow = run_as<int16_t>(kernel);
    result.insert(result.end(), narrow.begin(), narrow.end());
    return result;
  }
};

/// A copy of words that starts anywhere within a vector.
const uint64_t* misaligned(std::vector<uint64_t>& words, int64_t offset) {
  words.insert(words.begin(), static_cast<size_t>(offset), 0);
  return words.data() + offset;
}

Case::Case(BitDraw& draw) {
  product.pixels = draw.between(1, 19);
  product.k = draw.of<int64_t>({1, 2, 3, 7, 9, 18, 36});
  product.x_planes = static_cast<int>(draw.between(1, 8));
  product.w_planes = static_cast<int>(draw.between(1, 8));
  const int64_t size = product.k + draw.below(8);  // words of an input plane row
  product.x_plane = size;
  x.resize(static_cast<size_t>(8 * size + product.pixels));
  product.w_plane = product.k * kFilters;
  w.resize(static_cast<size_t>(8 * product.w_plane));
  const bool all_ones = draw.below(8) == 0;
  for (uint64_t& word : x) word = all_ones ? ~uint64_t{0} : draw.word();
  for (uint64_t& word : w) word = all_ones ? ~uint64_t{0} : draw.word();
  for (int64_t p = 0; p < product.pixels; ++p) window.push_back(draw.below(product.pixels));
  for (int64_t k = 0; k < product.k; ++k) tap.push_back(draw.below(size));
  product.out_step = kFilters + draw.below(5);
  product.filters = draw.below(2) ? kFilters : static_cast<int>(draw.between(1, kFilters));
  product.factor = static_cast<int32_t>(draw.between(-4, 4));
  product.add = draw.below(2) == 1;
  const int64_t classes = draw.between(1, 5);
  for (int64_t p = 0; p < product.pixels; ++p) {
    pixel_term.push_back(static_cast<int32_t>(draw.between(-1000, 1000)));
    pixel_class.push_back(static_cast<int32_t>(draw.below(classes) * kFilters));
  }
  for (int64_t i = 0; i < classes * kFilters; ++i) {
    filter_term.push_back(static_cast<int32_t>(draw.between(-1000, 1000)));
  }
  for (int64_t i = 0; i < product.pixels * product.out_step; ++i) {
    out.push_back(static_cast<int32_t>(draw.between(-1000, 1000)));
  }
  product.x = misaligned(x, draw.below(8));
  product.w = misaligned(w, draw.below(8));
  product.window = window.data();
  product.tap = tap.data();
  if (draw.below(2)) product.pixel_term = pixel_term.data();
  if (draw.below(2)) product.filter_term = filter_term.data();
  if (draw.below(2)) product.pixel_class = pixel_class.data();
}

TEST_CASE("bit products equal the bit-by-bit loops on every instruction set") {
  const bitgemm::Kernels& reference = *bitgemm::find("reference");
  BitDraw draw(1);
  for (int i = 0; i < cases(400); ++i) {
    Case c(draw);
    CAPTURE(i, c.product.pixels, c.product.k, c.product.x_planes, c.product.w_planes);
    const auto codes = c.run(reference.codes);
    const auto signs = c.run(reference.signs);
    const auto weight_masked = c.run(reference.weight_masked);
    const auto input_masked = c.run(reference.input_masked);
    const auto both_masked = c.run(reference.both_masked);
    for (const bitgemm::Kernels* row : rows()) {
      CAPTURE(row->name);
      REQUIRE(c.run(row->codes) == codes);
      REQUIRE(c.run(row->signs) == signs);
      REQUIRE(c.run(row->weight_masked) == weight_masked);
      REQUIRE(c.run(row->input_masked) == input_masked);
      REQUIRE(c.run(row->both_masked) == both_masked);
    }
  }
}

/// Words [planes][k][block] of one block, from those of 16 filters each.
std::vector<uint64_t> wide_block(const std::vector<std::vector<uint64_t>>& blocks, int64_t words) {
  std::vector<uint64_t> wide;
  for (int64_t i = 0; i < words; ++i) {
    for (const auto& block : blocks) {
      wide.insert(wide.end(), block.begin() + i * kFilters, block.begin() + (i + 1) * kFilters);
    }
  }
  return wide;
}

/// A call of lookup with the operands of `c` and the words of a wide block.
std::vector<int16_t> look_up(const lookup::Kernels& kernels, const Case& c, bool signs,
                             const std::vector<uint64_t>& words) {
  const bitgemm::Product& p = c.product;
  const int w_planes = signs ? 1 : p.w_planes;
  std::vector<uint8_t> tables(static_cast<size_t>(p.x_plane * lookup::kTable));
  kernels.tables({p.x, 0, 1, p.x_plane, p.x_planes, signs, tables.data()});
  std::vector<uint8_t> index(words.size() * 16);
  kernels.index(words.data(), w_planes * p.k, index.data());
  const std::vector<int64_t> window(static_cast<size_t>(p.pixels), 0);
  std::vector<int16_t> out(static_cast<size_t>(p.pixels * kernels.filters));
  lookup::Lookup d{};
  d.factor = p.factor;
  d.narrow = true;
  d.pixel_term = p.pixel_term;
  d.out = out.data();
  d.out_step = kernels.filters;
  d.filters = kernels.filters;
  d.tables = tables.data();
  d.window = window.data();
  d.tap = p.tap;
  d.pixels = p.pixels;
  d.k = p.k;
  d.w = index.data();
  d.w_plane = p.k * 16 * kernels.filters;
  d.x_planes = p.x_planes;
  d.w_planes = w_planes;
  kernels.product(d);
  return out;
}

TEST_CASE("lookups of bit products equal the bit-by-bit loops") {
  const bitgemm::Kernels& reference = *bitgemm::find("reference");
  BitDraw draw(5);
  for (int i = 0; i < cases(100); ++i) {
    Case c(draw);
    c.product.x_planes = static_cast<int>(draw.between(1, lookup::kTablePlanes));
    c.product.w_planes = static_cast<int>(draw.between(1, 3));
    c.product.filter_term = nullptr;
    c.product.add = false;
    c.product.filters = kFilters;
    c.product.narrow = true;
    std::fill(c.window.begin(), c.window.end(), 0);
    for (const fracbit::Isa isa : fracbit::supported_isas()) {
      const lookup::Kernels* row = lookup::find(std::string(isa_name(isa)).c_str());
      if (row == nullptr) continue;
      CAPTURE(i, row->name, c.product.pixels, c.product.k, c.product.x_planes, c.product.w_planes);
      for (const bool signs : {true, false}) {
        const int64_t words = (signs ? 1 : c.product.w_planes) * c.product.k;
        std::vector<std::vector<uint64_t>> blocks;
        std::vector<int16_t> expected(static_cast<size_t>(c.product.pixels * row->filters));
        for (int first = 0; first < row->filters; first += kFilters) {
          blocks.emplace_back();
          for (int64_t n = 0; n < words * kFilters; ++n) blocks.back().push_back(draw.word());
          c.product.w = blocks.back().data();
          c.product.out = expected.data() + first;
          c.product.out_step = row->filters;
          (signs ? reference.signs : reference.codes)(c.product);
        }
        REQUIRE(look_up(*row, c, signs, wide_block(blocks, words)) == expected);
      }
    }
  }
}

TEST_CASE("bit products of the longest window with all bits set") {
  const int64_t k = 512;  // 32768 products of 255 x 255 come close to 2^31
  const std::vector<uint64_t> ones(static_cast<size_t>(8 * k * kFilters), ~uint64_t{0});
  std::vector<int64_t> tap;
  for (int64_t i = 0; i < k; ++i) tap.push_back(i);
  const int64_t window = 0;
  bitgemm::Product product{};
  product.x = ones.data();
  product.w = ones.data();
  product.window = &window;
  product.tap = tap.data();
  product.x_plane = k;
  product.w_plane = k * kFilters;
  product.pixels = 1;
  product.k = k;
  product.x_planes = 8;
  product.w_planes = 8;
  product.factor = 1;
  product.out_step = kFilters;
  product.filters = kFilters;
  for (const bitgemm::Kernels* row : rows()) {
    CAPTURE(row->name);
    std::vector<int32_t> out(kFilters);
    product.out = out.data();
    row->codes(product);
    REQUIRE(out == std::vector<int32_t>(kFilters, 64 * k * 255 * 255));
    row->both_masked(product);
    REQUIRE(out == std::vector<int32_t>(kFilters, 64 * k));
    row->signs(product);
    REQUIRE(out == std::vector<int32_t>(kFilters, 0));
  }
}

TEST_CASE("scales of bit products equal the reference to the bit") {
  const bitgemm::Kernels& reference = *bitgemm::find("reference");
  BitDraw draw(2);
  for (int i = 0; i < cases(200); ++i) {
    bitgemm::Epilogue e{};
    e.pixels = draw.between(1, 9);
    e.w_terms = static_cast<int>(draw.between(1, 3));
    e.x_terms = static_cast<int>(draw.between(1, 3));
    e.filters = draw.below(2) ? kFilters : static_cast<int>(draw.between(1, kFilters));
    e.x_scale_step = draw.below(2) ? e.x_terms : 0;
    e.y_step = 40;
    std::vector<int32_t> sums(static_cast<size_t>(e.w_terms * e.x_terms * e.pixels * kFilters));
    for (int32_t& sum : sums) sum = static_cast<int32_t>(draw.between(-5000, 5000));
    const fracbit::Tensor w_scale = draw.scales({e.w_terms, kFilters});
    const fracbit::Tensor x_scale = draw.scales({e.pixels, e.x_terms});
    e.sums = sums.data();
    e.w_scale = w_scale.data();
    e.x_scale = x_scale.data();
    const auto run = [&](void (*kernel)(const bitgemm::Epilogue&) noexcept) {
      std::vector<fracbit::real> y(static_cast<size_t>(e.pixels * e.y_step), -7);
      e.y = y.data();
      kernel(e);
      return y;
    };
    CAPTURE(i, e.pixels, e.w_terms, e.x_terms, e.filters);
    for (const bitgemm::Kernels* row : rows()) {
      CAPTURE(row->name);
      REQUIRE(run(row->scale) == run(reference.scale));
      REQUIRE(run(row->combine) == run(reference.combine));
    }
  }
}

/// A product of terms with everything random.
struct TermCase {
  explicit TermCase(BitDraw& draw) {
    t.pixels = draw.between(1, 70);
    t.w_terms = static_cast<int>(draw.between(1, 3));
    t.x_terms = static_cast<int>(draw.between(1, 3));
    t.filters = draw.below(2) ? kFilters : static_cast<int>(draw.between(1, kFilters));
    t.y_step = 40;
    for (int64_t i = 0; i < 60 + t.pixels; ++i) x.push_back(draw.word());
    const int64_t classes = draw.between(1, 3);
    for (int64_t p = 0; p < t.pixels; ++p) {
      window.push_back(draw.below(t.pixels));
      pixel_class.push_back(static_cast<int32_t>(draw.below(classes) * kFilters));
    }
    for (int64_t i = 0; i < 60; ++i) tap.push_back(draw.below(60));
    for (int64_t i = 0; i < 2 * 40 * kFilters; ++i) w.push_back(draw.word());
    for (int64_t i = 0; i < classes * kFilters; ++i) {
      filter_term.push_back(static_cast<int32_t>(draw.between(-5000, 5000)));
    }
    for (int n = 0; n < t.w_terms; ++n) {
      int64_t most = 36;
      for (int m = 0; m < t.x_terms; ++m) {
        most = draw.between(n + m == 0 ? 1 : 0, most);
        pairs.push_back({tap.data() + draw.below(20), most, w.data() + draw.below(8),
                         draw.below(2) == 1, filter_term.data()});
      }
    }
    w_scale = draw.scales({t.w_terms, kFilters});
    x_scale = draw.scales({t.x_terms});
    t.x = x.data();
    t.window = window.data();
    t.pixel_class = pixel_class.data();
    t.pairs = pairs.data();
    t.w_scale = w_scale.data();
    t.x_scale = x_scale.data();
  }
  std::vector<fracbit::real> run(const bitgemm::Kernels& kernels) {
    std::vector<fracbit::real> y(static_cast<size_t>(t.pixels * t.y_step), -7);
    t.y = y.data();
    kernels.terms(t);
    return y;
  }

  bitgemm::TermProduct t{};
  std::vector<uint64_t> x, w;
  std::vector<int64_t> window, tap;
  std::vector<int32_t> pixel_class, filter_term;
  std::vector<bitgemm::TermPair> pairs;
  fracbit::Tensor w_scale, x_scale;
};

TEST_CASE("sums of scaled products equal the reference to the bit") {
  BitDraw draw(4);
  for (int i = 0; i < 1000; ++i) {
    TermCase c(draw);
    CAPTURE(i, c.t.pixels, c.t.w_terms, c.t.x_terms, c.t.filters);
    const auto expected = c.run(*bitgemm::find("reference"));
    for (const bitgemm::Kernels* row : rows()) {
      CAPTURE(row->name);
      REQUIRE(c.run(*row) == expected);
    }
  }
}

TEST_CASE("word counts equal the bit-by-bit loops") {
  BitDraw draw(3);
  std::vector<uint64_t> words{0, ~uint64_t{0}, 1, uint64_t{1} << 63};
  for (int i = 0; i < 100; ++i) words.push_back(draw.word());
  const int64_t n = static_cast<int64_t>(words.size());
  std::vector<int32_t> expected(words.size());
  bitgemm::find("reference")->popcounts(words.data(), n, expected.data());
  for (const bitgemm::Kernels* row : rows()) {
    std::vector<int32_t> counts(words.size());
    row->popcounts(words.data(), n, counts.data());
    REQUIRE(counts == expected);
  }
}

TEST_CASE("there are no kernels for an unknown instruction set") {
  REQUIRE(bitgemm::find("abacus") == nullptr);
}

}  // namespace
