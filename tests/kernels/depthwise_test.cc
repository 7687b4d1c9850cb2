// Every instruction set computes what the loops of the reference compute: exactly on small whole
// numbers, to rounding on others; and no bit depends on where a run of pixels begins.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "fracbit/framework/buffer.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/depthwise/reference.h"
#include "fracbit/framework/kernels/finish/finish.h"
#include "fracbit/framework/random.h"
#include "kernels/finish_case.h"
#include "support/catch.h"

namespace {

namespace depthwise = fracbit::kernels::depthwise;
using fracbit::real;

std::vector<real> numbers(int64_t count, bool whole, uint64_t seed) {
  std::vector<real> made(static_cast<size_t>(count));
  const fracbit::Random random(seed, 0, 0, fracbit::Purpose::synthetic_data);
  for (int64_t i = 0; i < count; ++i) {
    made[static_cast<size_t>(i)] =
        static_cast<real>(whole ? static_cast<double>(random.below(i, 9) - 4) : random.normal(i));
  }
  return made;
}

void check_equal(const std::vector<real>& got, const std::vector<real>& expected, bool whole) {
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(got[i] - expected[i])));
  }
  CHECK(worst <= (whole ? 0 : 1e-4));
}

/// Rows of 31 pixels of x, of which a run begins at the third.
struct Size {
  int64_t pixels, channels, tap_rows, tap_columns, step;
  depthwise::Run run(const real* x) const {
    return {pixels,      channels,      tap_rows,        tap_columns,
            x,           31 * channels, step * channels, (tap_columns + 1) * channels,
            2 * channels};
  }
  int64_t x_numbers() const { return (tap_rows * 31 + 8) * channels; }
  int64_t w_numbers() const { return tap_rows * (tap_columns + 1) * channels; }
  int64_t y_numbers() const { return 2 * pixels * channels; }
};

template <typename Body>
void for_each_case(const Body& body) {
  for (const fracbit::Isa isa : fracbit::supported_isas()) {
    const depthwise::Kernels& kernels = depthwise::find(isa_name(isa).data());
    for (const bool whole : {true, false}) {
      for (const int64_t channels : {1, 3, 16, 32, 45, 100}) {
        for (const Size& size :
             {Size{13, channels, 3, 3, 1}, Size{12, channels, 3, 3, 2}, Size{1, channels, 2, 2, 1},
              Size{7, channels, 1, 5, 3}, Size{9, channels, 0, 0, 1}}) {
          INFO(isa_name(isa) << ", " << channels << " channels, " << size.tap_rows << " x "
                             << size.tap_columns << " taps");
          body(isa, kernels, size, whole);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("depthwise products equal the reference") {
  for_each_case([](fracbit::Isa, const depthwise::Kernels& kernels, const Size& size, bool whole) {
    const auto x = numbers(size.x_numbers(), whole, 1), w = numbers(size.w_numbers(), whole, 2);
    const auto start = numbers(size.channels, whole, 3);
    auto got = numbers(size.y_numbers(), whole, 4), expected = got;
    kernels.product(size.run(x.data()), w.data(), start.data(), got.data());
    depthwise::reference::product(size.run(x.data()), w.data(), start.data(), expected.data());
    check_equal(got, expected, whole);

    auto single = numbers(size.y_numbers(), whole, 4);
    for (int64_t p = 0; p < size.pixels; ++p) {
      depthwise::Run run = size.run(x.data());
      run.x += p * run.x_pixel;
      run.pixels = 1;
      kernels.product(run, w.data(), start.data(), single.data() + p * run.y_pixel);
    }
    CHECK(single == got);
  });
}

TEST_CASE("a finished depthwise product has the bits of a product and a pass over it") {
  for_each_case(
      [](fracbit::Isa isa, const depthwise::Kernels& kernels, const Size& size, bool whole) {
        const auto x = numbers(size.x_numbers(), whole, 1), w = numbers(size.w_numbers(), whole, 2);
        auto start = numbers(size.channels, whole, 3);
        auto scale = numbers(size.channels, whole, 5), shift = numbers(size.channels, whole, 6);
        fracbit::tests::enter_odd_numbers(start.data(), scale.data(), shift.data(), size.channels);
        auto sums = numbers(size.y_numbers(), whole, 4);
        kernels.product(size.run(x.data()), w.data(), start.data(), sums.data());
        for (const auto& h : fracbit::tests::kFinishes) {
          // Whole vectors alone are streamed, at multiples of their size.
          const bool stream = size.channels % 16 == 0;
          fracbit::Buffer<real> got(size.y_numbers());
          const auto& finishing = fracbit::kernels::finish::find(isa_name(isa).data());
          finishing.depthwise(size.run(x.data()), w.data(), start.data(),
                              {scale.data(), shift.data(), h.low, h.high, stream}, got.data());
          const auto expected = fracbit::tests::passed(
              isa, sums.data(), 2 * size.pixels, size.channels, {scale.data(), shift.data()}, h);
          for (int64_t p = 0; p < size.pixels; ++p) {
            const int64_t at = 2 * p * size.channels;
            CHECK(std::memcmp(got.data() + at, expected.data() + at,
                              static_cast<size_t>(size.channels) * sizeof(real)) == 0);
          }
        }
      });
}

TEST_CASE("depthwise outer products equal the reference") {
  for_each_case([](fracbit::Isa, const depthwise::Kernels& kernels, const Size& size, bool whole) {
    const auto x = numbers(size.x_numbers(), whole, 1), dy = numbers(size.y_numbers(), whole, 2);
    auto got = numbers(size.w_numbers(), whole, 3), expected = got;
    kernels.outer(size.run(x.data()), dy.data(), got.data());
    depthwise::reference::outer(size.run(x.data()), dy.data(), expected.data());
    check_equal(got, expected, whole);
  });
}
