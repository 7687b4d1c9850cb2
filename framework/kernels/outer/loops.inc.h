// The kernel of outer.h on the vectors of an instruction set that fuses multiply-add. Included once
// per set; everything is in an anonymous namespace, and Eigen's own is renamed.
#pragma once

#include <Eigen/Core>

#include "fracbit/framework/kernels/outer/outer.h"

namespace fracbit::kernels::outer {
namespace {

namespace vec = Eigen::internal;
using Packet = vec::packet_traits<real>::type;
constexpr int kWidth = vec::packet_traits<real>::size;
constexpr int kVectors = 2, kColumns = kVectors * kWidth, kRows = 8;

/// R filters of two vectors of channels, of which the first `count` are written.
template <int R>
void tile(const OuterProduct& d, int64_t f, int64_t k, int64_t count) {
  Packet sums[R][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) sums[r][0] = sums[r][1] = vec::pset1<Packet>(0);
  const real* g = d.g + f / kPanel * d.samples * kPanel + f % kPanel;
  const real* x = d.x + k / kPanel * d.samples * kPanel + k % kPanel;
  for (int64_t b = 0; b < d.samples; ++b, g += kPanel, x += kPanel) {
    const Packet inputs[kVectors] = {vec::ploadu<Packet>(x), vec::ploadu<Packet>(x + kWidth)};
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Packet each = vec::pset1<Packet>(g[r]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = vec::pmadd(each, inputs[v], sums[r][v]);
    }
  }
  const Packet last = vec::pset1<Packet>(d.last_scale);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    real* y = d.y + (f + r) * d.y_filter + k;
    real some[kColumns];
    real* to = count == kColumns ? y : some;
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      vec::pstoreu(to + v * kWidth, vec::pmul(sums[r][v], last));
    }
    for (int64_t i = 0; to == some && i < count; ++i) y[i] = some[i];
  }
}

/// R filters of all channels.
template <int R>
void rows(const OuterProduct& d, int64_t f) {
  for (int64_t k = 0; k < d.channels; k += kColumns) {
    tile<R>(d, f, k, d.channels - k < kColumns ? d.channels - k : kColumns);
  }
}

void product(const OuterProduct& d) noexcept {
  int64_t f = 0;
  for (; f + kRows <= d.filters; f += kRows) rows<kRows>(d, f);
  for (; f < d.filters; ++f) rows<1>(d, f);
}

}  // namespace
}  // namespace fracbit::kernels::outer
