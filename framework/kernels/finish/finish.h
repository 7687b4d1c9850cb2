#pragma once

#include <cstdint>

#include "fracbit/framework/kernels/depthwise/depthwise.h"
#include "fracbit/framework/real.h"

namespace fracbit::kernels {

/// What becomes of the sums D of a product where they are stored, per channel: min(high, max(low, D
/// scale + shift)), one product, one sum, with the bits of the pass `values` of norm/.
///
/// `stream` writes past the caches, where the instruction set can: for results that are larger, and
/// begin at a multiple of 64 bytes with each pixel. Other threads see them after a fence.
struct Finish {
  const real* scale;
  const real* shift;
  real low, high;
  bool stream;
};

}  // namespace fracbit::kernels

/// Products of tile/ and depthwise/ that finish their sums: apart from these, for those who do not.
namespace fracbit::kernels::finish {

/// tile::Product, finished: channel n of `finish` is that of column n.
using Tile = void (*)(const real* const* a, int64_t taps, int64_t length, const real* b,
                      const real* const* start, const Finish& finish, real* const* c) noexcept;
/// depthwise::Product, finished.
using Depthwise = void (*)(const depthwise::Run& run, const real* w, const real* start,
                           const Finish& finish, real* y) noexcept;

/// Of tiles as large as those of tile/.
struct Kernels {
  Tile tile;
  Tile tile_narrow;
  Depthwise depthwise;
};

/// Kernels of an instruction set, or those of the nearest lesser one.
const Kernels& find(const char* isa) noexcept;

extern const Kernels kScalar;
extern const Kernels kNeon;
extern const Kernels kAvx2;
extern const Kernels kAvx512;

}  // namespace fracbit::kernels::finish
