// The kernels of tile.h on the vectors of the instruction set this file is compiled for. Included
// once per instruction set; everything is in an anonymous namespace, and Eigen's own is renamed.
#pragma once

#include <Eigen/Core>

#include "fracbit/framework/kernels/tile/tile.h"

namespace fracbit::kernels::tile {
namespace {

namespace vec = Eigen::internal;
using Packet = vec::packet_traits<real>::type;
constexpr int kWidth = vec::packet_traits<real>::size;

inline Packet load(const real* p) {
  return vec::ploadu<Packet>(p);
}
inline Packet broadcast(real value) {
  return vec::pset1<Packet>(value);
}

/// Calls store(m, v, sums) for the vectors of a tile.
template <int MR, int V, typename Store>
[[gnu::always_inline]] inline void sum_tile(const real* const* a, int64_t taps, int64_t length,
                                            const real* b, const real* const* start,
                                            const Store& store) {
  Packet sums[MR][V];
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sums[m][v] = load(start[m] + v * kWidth);
  }
  for (int64_t t = 0; t < taps; ++t, a += MR) {
    const real* rows[MR];
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) rows[m] = a[m];
    for (int64_t k = 0; k < length; ++k, b += V * kWidth) {
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const Packet value = broadcast(rows[m][k]);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) {
          sums[m][v] = vec::pmadd(value, load(b + v * kWidth), sums[m][v]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) store(m, v, sums[m][v]);
  }
}

template <int MR, int V>
void product(const real* const* a, int64_t taps, int64_t length, const real* b,
             const real* const* start, real* const* c) noexcept {
  sum_tile<MR, V>(a, taps, length, b, start,
                  [c](int m, int v, const Packet& sum) { vec::pstoreu(c[m] + v * kWidth, sum); });
}

template <int MR, int V>
void outer(const Runs& a, const Runs& b, int64_t runs, int64_t length, bool add, real* c,
           int64_t c_step) noexcept {
  Packet sums[MR][V];
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sums[m][v] = broadcast(0);
  }
  const int64_t a_step = a.step;
  const int64_t b_step = b.step;
  for (int64_t r = 0; r < runs; ++r) {
    const real* left = a.base + a.at[r];
    const real* right = b.base + b.at[r];
    for (int64_t k = 0; k < length; ++k, left += a_step, right += b_step) {
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const Packet value = broadcast(left[m]);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) {
          sums[m][v] = vec::pmadd(value, load(right + v * kWidth), sums[m][v]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m, c += c_step) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      real* out = c + v * kWidth;
      vec::pstoreu(out, add ? vec::padd(load(out), sums[m][v]) : sums[m][v]);
    }
  }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"
/// panel[k columns + n] = source[n step + k] for k, n < kWidth.
inline void transpose_block(const real* source, int64_t step, int64_t columns, real* panel) {
  vec::PacketBlock<Packet, kWidth> block;
#pragma GCC unroll 16
  for (int n = 0; n < kWidth; ++n) block.packet[n] = load(source + n * step);
  vec::ptranspose(block);
#pragma GCC unroll 16
  for (int k = 0; k < kWidth; ++k) vec::pstoreu(panel + k * columns, block.packet[k]);
}
#pragma GCC diagnostic pop

inline void pack(const real* source, int64_t step, int64_t count, int64_t length, int64_t columns,
                 real* panel) noexcept {
  const int64_t whole_columns = count / kWidth * kWidth;
  const int64_t whole_length = length / kWidth * kWidth;
  for (int64_t k = 0; k < whole_length; k += kWidth) {
    for (int64_t n = 0; n < whole_columns; n += kWidth) {
      transpose_block(source + n * step + k, step, columns, panel + k * columns + n);
    }
  }
  for (int64_t k = 0; k < length; ++k) {
    for (int64_t n = k < whole_length ? whole_columns : 0; n < columns; ++n) {
      panel[k * columns + n] = n < count ? source[n * step + k] : 0;
    }
  }
}

inline void copy(const real* source, int64_t step, int64_t count, int64_t length, int64_t columns,
                 real* panel) noexcept {
  const int64_t whole = count / kWidth * kWidth;
  for (int64_t k = 0; k < length; ++k, source += step, panel += columns) {
    for (int64_t n = 0; n < whole; n += kWidth) vec::pstoreu(panel + n, load(source + n));
    for (int64_t n = whole; n < columns; ++n) panel[n] = n < count ? source[n] : 0;
  }
}

/// A tile of MR rows and two vectors of columns.
template <int MR>
constexpr Kernels table() {
  static_assert(MR <= kMaxRows && 2 * kWidth <= kMaxColumns);
  return {.rows = MR,
          .columns = 2 * kWidth,
          .product = product<MR, 2>,
          .product_narrow = product<MR, 1>,
          .outer = outer<MR, 2>,
          .outer_narrow = outer<MR, 1>,
          .pack = pack,
          .copy = copy};
}

}  // namespace
}  // namespace fracbit::kernels::tile
