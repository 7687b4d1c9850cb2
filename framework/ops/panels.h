#pragma once

#include <cstdint>
#include <span>

#include "fracbit/framework/tensor.h"

namespace fracbit::kernels::tile {
struct Kernels;
}

namespace fracbit::ops {

/// The register tile of the instruction set in use.
const kernels::tile::Kernels& tile();

/// Columns of a panel for that many that are used: all of a tile's, or half where it is enough.
int64_t panel_width(int64_t used);

/// The right operand of a product, [depth, columns], as the register tile reads it: panels of
/// tile().columns columns, each contiguous. The last panel has half of them where that is enough;
/// columns past the last one are zero.
struct Panels {
  Tensor data;
  int64_t columns = 0;
  int64_t depth = 0;

  int64_t count() const;
  const real* panel(int64_t p) const;
  /// Columns that panel p holds, and how many of them are not padding.
  int64_t width(int64_t p) const;
  int64_t used(int64_t p) const;
};

/// operand[k][n] = source[n step + k]: columns that are rows in memory.
Panels pack_rows(const real* source, int64_t step, int64_t columns, int64_t depth);
/// operand[k][n] = rows[k][n].
Panels pack_columns(std::span<const real* const> rows, int64_t columns);

}  // namespace fracbit::ops
