// The loops that limits are measured with do their work.

#include "fracbit/framework/kernels/limits/limits.h"

#include <bit>
#include <numeric>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/benchmark.h"
#include "fracbit/framework/cpu.h"
#include "support/catch.h"

namespace {

namespace limits = fracbit::kernels::limits;
using fracbit::testing::BitDraw;

std::vector<uint64_t> words(uint64_t seed, int64_t count) {
  BitDraw draw(seed);
  std::vector<uint64_t> made(static_cast<size_t>(count));
  for (uint64_t& word : made) word = draw.word();
  return made;
}

std::vector<const limits::Kernels*> rows() {
  std::vector<const limits::Kernels*> found;
  for (const fracbit::Isa isa : fracbit::supported_isas()) {
    const auto* kernels = limits::find(std::string(isa_name(isa)).c_str());
    if (kernels != nullptr) found.push_back(kernels);
  }
  REQUIRE(!found.empty());
  return found;
}

uint64_t sum(const std::vector<uint64_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), uint64_t{0});
}

TEST_CASE("the loop of bits counts the unequal bits of all its pairs of words") {
  constexpr int64_t kSteps = 32, kRounds = 3;
  const std::vector<uint64_t> data = words(71, limits::kWords);
  for (const limits::Kernels* row : rows()) {
    CAPTURE(row->name);
    const std::string name = row->name;
    const int64_t lanes = name == "scalar" ? 1 : name == "neon" ? 2 : name == "avx2" ? 4 : 8;
    const int64_t filters = 2 * lanes;
    const auto pixels = static_cast<int64_t>(row->bits.macs) / (64 * kSteps * filters);
    uint64_t expected = 0;
    for (int64_t p = 0; p < pixels; ++p) {
      for (int64_t k = 0; k < kSteps; ++k) {
        for (int64_t f = 0; f < filters; ++f) {
          const auto x = static_cast<size_t>(p * kSteps + k),
                     w = static_cast<size_t>(k * filters + f);
          expected += static_cast<uint64_t>(std::popcount(data[x] ^ data[w]));
        }
      }
    }
    std::vector<uint64_t> sink(8);
    row->bits.run(data.data(), kRounds, sink.data());
    REQUIRE(expected > 0);
    REQUIRE(sum(sink) == kRounds * expected);
  }
}

TEST_CASE("the loops of memory read and copy every word") {
  const std::vector<uint64_t> from = words(72, 640);
  for (const limits::Kernels* row : rows()) {
    CAPTURE(row->name);
    std::vector<uint64_t> to(from.size()), sink(8);
    row->copy(from.data(), static_cast<int64_t>(from.size()), to.data());
    REQUIRE(to == from);
    row->read(from.data(), static_cast<int64_t>(from.size()), sink.data());
    REQUIRE(sum(sink) == sum(from));
  }
}

TEST_CASE("limits of a machine are numbers above 0, but for tables") {
  using fracbit::Limit;
  for (const fracbit::Isa isa : fracbit::supported_isas()) {
    if (limits::find(std::string(isa_name(isa)).c_str()) == nullptr) continue;
    const fracbit::MachineLimits found = fracbit::machine_limits(isa, 0);
    CAPTURE(found.isa);
    for (int i = 0; i < fracbit::kLimits; ++i) {
      const auto limit = static_cast<Limit>(i);
      CAPTURE(fracbit::limit_name(limit));
      if (limit != Limit::table) REQUIRE(found.of(limit) > 0);
    }
  }
}

}  // namespace
