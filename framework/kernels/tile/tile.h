#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Products of reals on a register tile of `rows` x `columns` sums. Every sum is taken in the order
/// of its indices, so that its bits do not depend on its place in a tile. Nothing is allocated or
/// checked; pointers need no alignment.
namespace fracbit::kernels::tile {

/// c[m][n] = start[m][n] + sum over t < taps, k < length of a[t rows + m][k] b[t length + k][n],
/// for m < rows, n < columns, where b is [taps length][columns] and contiguous. Rows of `start`
/// may be rows of `c`, and rows may repeat.
using Product = void (*)(const real* const* a, int64_t taps, int64_t length, const real* b,
                         const real* const* start, real* const* c) noexcept;

/// Runs of pixels as seen from one operand: pixel k of run r is at base + at[r] + k step.
struct Runs {
  const real* base;
  const int64_t* at;
  int64_t step;
};

/// c[m c_step + n] = (add ? c[m c_step + n] : 0) + sum over r < runs, k < length of a_rk[m]
/// b_rk[n], for m < rows, n < columns.
using Outer = void (*)(const Runs& a, const Runs& b, int64_t runs, int64_t length, bool add,
                       real* c, int64_t c_step) noexcept;

/// panel[k columns + n] = n < count ? source[n step + k] : 0, for k < length, n < columns.
using Pack = void (*)(const real* source, int64_t step, int64_t count, int64_t length,
                      int64_t columns, real* panel) noexcept;

/// panel[k columns + n] = n < count ? source[k step + n] : 0, for k < length, n < columns.
using Copy = Pack;

/// No instruction set has larger tiles.
inline constexpr int64_t kMaxRows = 8;
inline constexpr int64_t kMaxColumns = 32;

/// The kernels of one instruction set. `narrow` ones have half the columns.
struct Kernels {
  int64_t rows;
  int64_t columns;
  Product product;
  Product product_narrow;
  Outer outer;
  Outer outer_narrow;
  Pack pack;
  Copy copy;

  int64_t narrow_columns() const { return columns / 2; }
};

/// Kernels of an instruction set, by its name, or those of the nearest lesser one. The caller has
/// made sure that this CPU has it. Reals in double know only the portable ones.
const Kernels& find(const char* isa) noexcept;

extern const Kernels kScalar;
extern const Kernels kNeon;
extern const Kernels kAvx2;
extern const Kernels kAvx512;

}  // namespace fracbit::kernels::tile
