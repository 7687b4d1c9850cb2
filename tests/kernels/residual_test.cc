// Every instruction set computes what the plain loops compute, to the bit.

#include "fracbit/framework/kernels/residual/residual.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "support/cases.h"
#include "support/catch.h"

namespace {

namespace residual = fracbit::kernels::residual;
using fracbit::real;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;
using residual::Widths;

std::vector<const residual::Kernels*> rows() {
  std::vector<const residual::Kernels*> found;
  for (fracbit::Isa isa : fracbit::supported_isas()) {
    found.push_back(&residual::find(std::string(isa_name(isa)).c_str()));
  }
  return found;
}

/// A row of reals that starts anywhere, on a coarse grid so that keys meet cuts and residuals are
/// 0.
struct Case {
  std::vector<real> memory;
  std::vector<uint8_t> stored;
  const real* x;
  int64_t n;
  residual::Code code{};
  std::vector<real> level;

  explicit Case(BitDraw& draw) {
    n = draw.of<int64_t>({1, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 200});
    const int64_t offset = draw.below(16);
    for (int64_t i = 0; i < n + offset; ++i) {
      memory.push_back(static_cast<real>(draw.between(-40, 40)) / 16);
      if (draw.below(20) == 0) memory.back() = static_cast<real>(-0.0);
    }
    x = memory.data() + offset;
    code.widths = draw.of<Widths>({Widths::uniform, Widths::cuts, Widths::stored});
    code.terms = static_cast<int>(draw.between(2, code.widths == Widths::uniform ? 8 : 3));
    for (int t = 0; t < code.terms; ++t) {
      code.mu[t] = static_cast<real>(draw.below(20)) / 16;
      level.push_back(static_cast<real>(draw.between(0, 15)));
    }
    code.key = {static_cast<real>(draw.below(20)) / 16, draw.below(4) == 0};
    for (real& cut : code.cut) {
      cut = static_cast<real>(draw.between(code.key.negative ? -30 : 0, 20)) / 16;
    }
    constexpr real kInfinity = std::numeric_limits<real>::infinity();
    if (draw.below(8) == 0) code.cut[0] = -kInfinity;
    if (draw.below(8) == 0 || code.terms == 2) code.cut[1] = kInfinity;
    std::sort(code.cut, code.cut + residual::kCuts);
    for (int64_t i = 0; i < n; ++i) {
      stored.push_back(static_cast<uint8_t>(draw.between(1, code.terms)));
    }
    code.stored = code.widths == Widths::stored ? stored.data() : nullptr;
  }
};

/// Everything that a row of kernels makes of a case.
struct Results {
  double magnitude;
  std::vector<double> sums;
  std::vector<real> values;
  std::vector<int8_t> bytes;
  std::vector<int16_t> words;
  std::vector<uint64_t> planes;
  std::vector<uint8_t> widths;
  friend bool operator==(const Results&, const Results&) = default;
};

Results results(const residual::Kernels& kernels, const Case& c) {
  const auto size = static_cast<size_t>(c.n);
  Results all{kernels.magnitude(c.x, c.n), {}, std::vector<real>(size),   std::vector<int8_t>(size),
              std::vector<int16_t>(size),  {}, std::vector<uint8_t>(size)};
  for (int term = 1; term < c.code.terms; ++term) {
    const residual::Sum sum = kernels.term(c.x, c.n, c.code, term);
    all.sums.insert(all.sums.end(), {sum.magnitude, static_cast<double>(sum.count)});
  }
  kernels.values(c.x, c.n, c.code, c.level.data(), all.values.data());
  kernels.bytes(c.x, c.n, c.code, c.level.data(), all.bytes.data());
  kernels.words(c.x, c.n, c.code, c.level.data(), all.words.data());
  all.planes.resize(static_cast<size_t>(2 * c.code.terms * ((c.n + 63) / 64)), 7);
  kernels.planes(c.x, c.n, c.code, all.planes.data());
  if (c.code.widths == Widths::cuts) kernels.widths(c.x, c.n, c.code, all.widths.data());
  return all;
}

TEST_CASE("residual codes equal the plain loops on every instruction set") {
  const residual::Kernels& reference = residual::find("reference");
  BitDraw draw(71);
  for (int i = 0; i < cases(1500); ++i) {
    const Case c(draw);
    const Results expected = results(reference, c);
    CAPTURE(i, c.n, c.code.terms, static_cast<int>(c.code.widths));
    for (const residual::Kernels* row : rows()) {
      CAPTURE(row->name);
      REQUIRE(results(*row, c) == expected);
    }
  }
}

/// The sum over copies of a counter is what counts.
std::vector<uint32_t> bins(const residual::Kernels& kernels, const Case& c) {
  std::vector<uint32_t> copies(static_cast<size_t>(residual::kCopies * residual::kBins));
  kernels.count(c.x, c.n, c.code.key.centre, copies.data());
  std::vector<uint32_t> sums(static_cast<size_t>(residual::kBins));
  for (size_t i = 0; i < copies.size(); ++i) sums[i % sums.size()] += copies[i];
  return sums;
}

std::vector<real> kept(const residual::Kernels& kernels, const Case& c) {
  std::vector<real> room(static_cast<size_t>(2 * (c.n + 20)));
  residual::Bracket brackets[2] = {{c.code.cut[0], c.code.cut[1], 3, room.data(), 2},
                                   {2, 3, 0, room.data() + c.n + 20, 0}};
  kernels.collect(c.x, c.n, c.code.key.centre, brackets, 2);
  std::vector<real> all;
  for (const auto& b : brackets) {
    all.insert(all.end(), b.kept, b.kept + b.count);
    all.push_back(static_cast<real>(b.below));
  }
  return all;
}

TEST_CASE("counting and collecting keys equal the plain loops on every instruction set") {
  const residual::Kernels& reference = residual::find("reference");
  BitDraw draw(72);
  for (int i = 0; i < cases(1000); ++i) {
    const Case c(draw);
    CAPTURE(i, c.n);
    for (const residual::Kernels* row : rows()) {
      CAPTURE(row->name);
      REQUIRE(bins(*row, c) == bins(reference, c));
      REQUIRE(kept(*row, c) == kept(reference, c));
    }
  }
}

TEST_CASE("bins are in the order of the keys") {
  real last = 0;
  for (real key : {0.0f, 1e-40f, 1e-30f, 0.5f, 0.50001f, 0.7f, 1.0f, 3e38f}) {
    CHECK(residual::bin_of(key) >= residual::bin_of(last));
    CHECK(residual::bin_begin(residual::bin_of(key)) <= key);
    CHECK(residual::bin_begin(residual::bin_of(key) + 1) > key);
    last = key;
  }
}

}  // namespace
