// The transforms of every instruction set equal the loops over their matrices.

#include "fracbit/framework/kernels/winograd/winograd.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/random.h"
#include "support/catch.h"

namespace {

namespace winograd = fracbit::kernels::winograd;
using fracbit::real;

constexpr int64_t kStep = 53;

std::vector<real> numbers(uint64_t seed) {
  const fracbit::Random random(seed, 0, 0, fracbit::Purpose::synthetic_data);
  std::vector<real> made(winograd::kPositions * kStep + 1);
  for (size_t i = 0; i < made.size(); ++i) {
    made[i] = static_cast<real>(random.normal(static_cast<int64_t>(i)));
  }
  return made;
}

/// What a transform leaves in a buffer, from rows of another.
template <typename Run>
std::vector<real> result(const Run& run) {
  const std::vector<real> source = numbers(1);
  std::vector<real> to = numbers(2);
  const real* from_rows[winograd::kPositions];
  real* to_rows[winograd::kPositions];
  for (int64_t p = 0; p < winograd::kPositions; ++p) {
    from_rows[p] = source.data() + 1 + (winograd::kPositions - 1 - p) * kStep;
    to_rows[p] = to.data() + 1 + p * kStep;
  }
  run(from_rows, source.data() + 1, to.data() + 1, to_rows);
  return to;
}

void check_close(const std::vector<real>& got, const std::vector<real>& expected) {
  double worst = 0, largest = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(got[i] - expected[i])));
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  CHECK(worst <= 1e-6 * largest);
}

/// Calls run(transforms, channels, from rows, from, to, to rows) of every
/// instruction set and of the reference.
template <typename Run>
void check(const Run& run) {
  for (const int64_t channels : {1, 7, 16, 35, 48}) {
    for (const auto size : {&winograd::Kernels::size3, &winograd::Kernels::size5}) {
      const auto with = [&](const winograd::Kernels& kernels) {
        return result([&](auto... buffers) { run(kernels.*size, channels, buffers...); });
      };
      const std::vector<real> expected = with(winograd::kReference);
      for (const fracbit::Isa isa : fracbit::supported_isas()) {
        INFO(isa_name(isa) << ", " << channels << " channels");
        check_close(with(winograd::find(isa_name(isa).data())), expected);
      }
    }
  }
}

}  // namespace

TEST_CASE("winograd transforms to 36 positions equal the reference") {
  check([](const winograd::Transforms& k, int64_t channels, const real* const* from, const real*,
           real* to, real* const*) { k.input(from, channels, to, kStep); });
  check([](const winograd::Transforms& k, int64_t channels, const real* const* from, const real*,
           real* to, real* const*) { k.weights(from, channels, to, kStep); });
  check([](const winograd::Transforms& k, int64_t channels, const real* const* from, const real*,
           real* to, real* const*) { k.output_gradient(from, channels, to, kStep); });
}

TEST_CASE("winograd transforms from 36 positions equal the reference") {
  const std::vector<real> start = numbers(3);
  check([&](const winograd::Transforms& k, int64_t channels, const real* const*, const real* from,
            real*, real* const* to) { k.output(from, kStep, channels, start.data(), to); });
  check([](const winograd::Transforms& k, int64_t channels, const real* const*, const real* from,
           real*, real* const* to) { k.weight_gradient(from, kStep, channels, to); });
}
