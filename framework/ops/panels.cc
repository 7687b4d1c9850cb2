#include "fracbit/framework/ops/panels.h"

#include <algorithm>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// Depth that one task packs.
constexpr int64_t kDepth = 512;

Panels uninitialized_panels(int64_t columns, int64_t depth) {
  Panels panels;
  panels.columns = columns;
  panels.depth = depth;
  const int64_t last = panels.count() - 1;
  panels.data = Tensor::uninitialized(
      {columns == 0 ? 0 : (last * tile().columns + panels.width(last)) * depth});
  return panels;
}

/// Calls body(panel, first, last) for every panel and stretch of its depth.
template <typename Body>
void for_each_stretch(const Panels& panels, const Body& body) {
  const int64_t stretches = (panels.depth + kDepth - 1) / kDepth;
  parallel_for(panels.count() * stretches, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task % stretches * kDepth;
      body(task / stretches, first, std::min(panels.depth, first + kDepth));
    }
  });
}

}  // namespace

const kernels::tile::Kernels& tile() {
  static const kernels::tile::Kernels& kernels = kernels::tile::find(isa_name(active_isa()).data());
  return kernels;
}

int64_t panel_width(int64_t used) {
  return used <= tile().narrow_columns() ? tile().narrow_columns() : tile().columns;
}

int64_t Panels::count() const {
  return (columns + tile().columns - 1) / tile().columns;
}

const real* Panels::panel(int64_t p) const {
  return data.data() + p * tile().columns * depth;
}

int64_t Panels::used(int64_t p) const {
  return std::min(tile().columns, columns - p * tile().columns);
}

int64_t Panels::width(int64_t p) const {
  return panel_width(used(p));
}

Panels pack_rows(const real* source, int64_t step, int64_t columns, int64_t depth) {
  Panels panels = uninitialized_panels(columns, depth);
  real* data = panels.data.data();
  for_each_stretch(panels, [&](int64_t p, int64_t first, int64_t last) {
    const int64_t column = p * tile().columns;
    const int64_t width = panels.width(p);
    tile().pack(source + column * step + first, step, panels.used(p), last - first, width,
                data + column * depth + first * width);
  });
  return panels;
}

Panels pack_columns(std::span<const real* const> rows, int64_t columns) {
  const auto depth = static_cast<int64_t>(rows.size());
  Panels panels = uninitialized_panels(columns, depth);
  real* data = panels.data.data();
  for_each_stretch(panels, [&](int64_t p, int64_t first, int64_t last) {
    const int64_t column = p * tile().columns;
    const int64_t width = panels.width(p);
    const int64_t used = panels.used(p);
    real* to = data + column * depth + first * width;
    for (int64_t k = first; k < last; ++k, to += width) {
      std::copy_n(rows[static_cast<size_t>(k)] + column, used, to);
      std::fill(to + used, to + width, real{0});
    }
  });
  return panels;
}

}  // namespace fracbit::ops
