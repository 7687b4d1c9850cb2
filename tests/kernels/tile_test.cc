// Every instruction set computes what the loops of the reference compute: exactly on small whole
// numbers, to rounding on others.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/finish/finish.h"
#include "fracbit/framework/kernels/tile/reference.h"
#include "fracbit/framework/random.h"
#include "kernels/finish_case.h"
#include "support/catch.h"

namespace {

namespace tile = fracbit::kernels::tile;
using fracbit::real;

/// Numbers at an address that is no multiple of a vector.
class Numbers {
 public:
  Numbers(int64_t count, bool whole, uint64_t seed) : values_(static_cast<size_t>(count + 1)) {
    const fracbit::Random random(seed, 0, 0, fracbit::Purpose::synthetic_data);
    for (int64_t i = 0; i <= count; ++i) {
      values_[static_cast<size_t>(i)] =
          static_cast<real>(whole ? static_cast<double>(random.below(i, 9) - 4) : random.normal(i));
    }
  }
  real* data() { return values_.data() + 1; }
  const std::vector<real>& all() const { return values_; }

 private:
  std::vector<real> values_;
};

void check_equal(Numbers& got, Numbers& expected, bool whole) {
  double worst = 0;
  for (size_t i = 0; i < got.all().size(); ++i) {
    const auto difference = static_cast<double>(got.all()[i] - expected.all()[i]);
    worst = std::max(worst, std::abs(difference));
  }
  CHECK(worst <= (whole ? 0 : 1e-4));
}

struct Case {
  fracbit::Isa isa;
  const tile::Kernels& kernels;
  bool whole;
};

template <typename Body>
void for_each_kernel(const Body& body) {
  for (const fracbit::Isa isa : fracbit::supported_isas()) {
    for (const bool whole : {true, false}) {
      INFO(isa_name(isa) << (whole ? " whole numbers" : " normal numbers"));
      body(Case{isa, tile::find(isa_name(isa).data()), whole});
    }
  }
}

struct ProductSize {
  int64_t taps, length;
};

void check_product(const Case& c, int64_t columns, const ProductSize& size, bool repeat) {
  const int64_t rows = c.kernels.rows;
  Numbers x(rows * size.taps * size.length, c.whole, 1);
  Numbers b(size.taps * size.length * columns, c.whole, 2);
  Numbers start(columns, c.whole, 4);
  Numbers got(rows * (columns + 3), c.whole, 3);
  Numbers expected(rows * (columns + 3), c.whole, 3);
  std::vector<const real*> a, start_got, start_expected;
  std::vector<real*> to_got, to_expected;
  for (int64_t i = 0; i < size.taps * rows; ++i) {
    a.push_back(x.data() + (repeat ? 0 : i * size.length));
  }
  for (int64_t m = 0; m < rows; ++m) {
    to_got.push_back(got.data() + (repeat ? 0 : m * (columns + 3)));
    to_expected.push_back(expected.data() + (repeat ? 0 : m * (columns + 3)));
    // A row that begins at its own value, and one that begins elsewhere.
    start_got.push_back(m % 2 == 0 || repeat ? start.data() : to_got.back());
    start_expected.push_back(m % 2 == 0 || repeat ? start.data() : to_expected.back());
  }
  const auto product = columns == c.kernels.columns ? c.kernels.product : c.kernels.product_narrow;
  product(a.data(), size.taps, size.length, b.data(), start_got.data(), to_got.data());
  tile::reference::product(rows, columns, a.data(), size.taps, size.length, b.data(),
                           start_expected.data(), to_expected.data());
  check_equal(got, expected, c.whole);
}

/// Rows of a tile with one tap of 5 numbers, each row at a multiple of 64 bytes.
void check_finished(const Case& c, int64_t columns, const fracbit::kernels::norm::Activation& h,
                    bool stream) {
  constexpr int64_t kLength = 5, kStep = tile::kMaxColumns;
  const int64_t rows = c.kernels.rows;
  Numbers x(rows * kLength, c.whole, 1), b(kLength * columns, c.whole, 2);
  Numbers scale(columns, c.whole, 5), shift(columns, c.whole, 6), start(columns, c.whole, 4);
  fracbit::tests::enter_odd_numbers(start.data(), scale.data(), shift.data(), columns);
  alignas(64) real got[tile::kMaxRows * kStep];
  real sums[tile::kMaxRows * kStep];
  std::vector<const real*> a, starts(static_cast<size_t>(rows), start.data());
  std::vector<real*> to_got, to_sums;
  for (int64_t m = 0; m < rows; ++m) {
    a.push_back(x.data() + m * kLength);
    to_got.push_back(got + m * kStep);
    to_sums.push_back(sums + m * columns);
  }
  const bool wide = columns == c.kernels.columns;
  const auto& finishing = fracbit::kernels::finish::find(isa_name(c.isa).data());
  (wide ? finishing.tile : finishing.tile_narrow)(
      a.data(), 1, kLength, b.data(), starts.data(),
      {scale.data(), shift.data(), h.low, h.high, stream}, to_got.data());
  (wide ? c.kernels.product : c.kernels.product_narrow)(a.data(), 1, kLength, b.data(),
                                                        starts.data(), to_sums.data());
  const auto expected =
      fracbit::tests::passed(c.isa, sums, rows, columns, {scale.data(), shift.data()}, h);
  for (int64_t m = 0; m < rows; ++m) {
    CHECK(std::memcmp(got + m * kStep, expected.data() + m * columns,
                      static_cast<size_t>(columns) * sizeof(real)) == 0);
  }
}

}  // namespace

TEST_CASE("tile products equal the reference") {
  for_each_kernel([](const Case& c) {
    for (const int64_t columns : {c.kernels.columns, c.kernels.narrow_columns()}) {
      for (const ProductSize& size : {ProductSize{1, 64}, {9, 7}, {3, 1}, {2, 65}}) {
        INFO(columns << " columns, taps " << size.taps << ", length " << size.length);
        check_product(c, columns, size, false);
        check_product(c, columns, size, true);
      }
    }
  });
}

TEST_CASE("a finished tile has the bits of a product and a pass over it") {
  for_each_kernel([](const Case& c) {
    for (const int64_t columns : {c.kernels.columns, c.kernels.narrow_columns()}) {
      for (const auto& h : fracbit::tests::kFinishes) {
        for (const bool stream : {false, true}) {
          INFO(columns << " columns, from " << h.low << " to " << h.high << ", stream " << stream);
          check_finished(c, columns, h, stream);
        }
      }
    }
  });
}

TEST_CASE("a tile product without terms is where it starts") {
  for_each_kernel([](const Case& c) { check_product(c, c.kernels.columns, {0, 5}, true); });
}

TEST_CASE("tile outer products equal the reference") {
  for_each_kernel([](const Case& c) {
    for (const int64_t columns : {c.kernels.columns, c.kernels.narrow_columns()}) {
      for (const bool add : {false, true}) {
        const int64_t rows = c.kernels.rows;
        const int64_t a_step = 2 * (rows + 3), b_step = columns + 5, c_step = columns + 1;
        const std::vector<int64_t> a_at{0, 11 * a_step, 3 * a_step + 1};
        const std::vector<int64_t> b_at{2 * b_step, 0, 13 * b_step + 3};
        Numbers a(20 * a_step, c.whole, 1);
        Numbers b(20 * b_step, c.whole, 2);
        Numbers got(rows * c_step, c.whole, 3);
        Numbers expected(rows * c_step, c.whole, 3);
        const auto outer = columns == c.kernels.columns ? c.kernels.outer : c.kernels.outer_narrow;
        outer({a.data(), a_at.data(), a_step}, {b.data(), b_at.data(), b_step}, 3, 5, add,
              got.data(), c_step);
        tile::reference::outer(rows, columns, {a.data(), a_at.data(), a_step},
                               {b.data(), b_at.data(), b_step}, 3, 5, add, expected.data(), c_step);
        INFO(columns << " columns, add " << add);
        check_equal(got, expected, c.whole);
      }
    }
  });
}

TEST_CASE("packing and copying a panel equal the reference") {
  for_each_kernel([](const Case& c) {
    for (const int64_t columns : {c.kernels.columns, c.kernels.narrow_columns()}) {
      for (const int64_t count : {columns, columns - 1, int64_t{1}}) {
        for (const int64_t length : {1, 16, 37}) {
          Numbers source(40 * 40, c.whole, 1);
          Numbers got(length * columns, c.whole, 2);
          Numbers expected(length * columns, c.whole, 2);
          c.kernels.pack(source.data(), 39, count, length, columns, got.data());
          tile::reference::pack(source.data(), 39, count, length, columns, expected.data());
          INFO(count << " of " << columns << " columns, length " << length);
          check_equal(got, expected, true);
          c.kernels.copy(source.data(), 39, count, length, columns, got.data());
          tile::reference::copy(source.data(), 39, count, length, columns, expected.data());
          check_equal(got, expected, true);
        }
      }
    }
  });
}
