#pragma once

#include "fracbit/framework/kernels/tile/tile.h"

/// The definitions of tile.h as loops, for a tile of any size. Tests hold every instruction set
/// against them.
namespace fracbit::kernels::tile::reference {

void product(int64_t rows, int64_t columns, const real* const* a, int64_t taps, int64_t length,
             const real* b, const real* const* start, real* const* c) noexcept;
void outer(int64_t rows, int64_t columns, const Runs& a, const Runs& b, int64_t runs,
           int64_t length, bool add, real* c, int64_t c_step) noexcept;
void pack(const real* source, int64_t step, int64_t count, int64_t length, int64_t columns,
          real* panel) noexcept;
void copy(const real* source, int64_t step, int64_t count, int64_t length, int64_t columns,
          real* panel) noexcept;

}  // namespace fracbit::kernels::tile::reference
