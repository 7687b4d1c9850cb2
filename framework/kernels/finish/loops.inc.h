// The kernels of finish.h, from the loops of tile/ and depthwise/. Included once per instruction
// set.
#pragma once

#include "fracbit/framework/kernels/depthwise/loops.inc.h"
#include "fracbit/framework/kernels/finish/finish.h"
#include "fracbit/framework/kernels/tile/tile.inc.h"

namespace fracbit::kernels::tile {
namespace {

#include "fracbit/framework/kernels/finish/finisher.inc.h"

template <int MR, int V, bool kStream>
void finished_to(const real* const* a, int64_t taps, int64_t length, const real* b,
                 const real* const* start, const Finish& finish, real* const* c) {
  const Finisher<kStream> end(finish);
  sum_tile<MR, V>(a, taps, length, b, start, [c, end](int m, int v, const Packet& sum) {
    end.from(v * kWidth).store(c[m] + v * kWidth, sum);
  });
}

template <int MR, int V>
void finished(const real* const* a, int64_t taps, int64_t length, const real* b,
              const real* const* start, const Finish& finish, real* const* c) noexcept {
  if (finish.stream) return finished_to<MR, V, true>(a, taps, length, b, start, finish, c);
  finished_to<MR, V, false>(a, taps, length, b, start, finish, c);
}

}  // namespace
}  // namespace fracbit::kernels::tile

namespace fracbit::kernels::depthwise {
namespace {

#include "fracbit/framework/kernels/finish/finisher.inc.h"

void finished(const Run& run, const real* w, const real* start, const Finish& finish,
              real* y) noexcept {
  if (finish.stream) return product_to(run, w, start, Finisher<true>(finish), y);
  product_to(run, w, start, Finisher<false>(finish), y);
}

}  // namespace
}  // namespace fracbit::kernels::depthwise

namespace fracbit::kernels::finish {
namespace {

/// For tiles of MR rows.
template <int MR>
constexpr Kernels table() {
  return {.tile = tile::finished<MR, 2>,
          .tile_narrow = tile::finished<MR, 1>,
          .depthwise = depthwise::finished};
}

}  // namespace
}  // namespace fracbit::kernels::finish
