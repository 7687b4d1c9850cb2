#include "fracbit/framework/ops/few_channels.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/ops/padded.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/tap_product.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

constexpr int64_t kFewChannels = 16;
/// Pixels whose gradients are made together, and of those the ones whose patches are.
constexpr int64_t kPixels = 128;
constexpr int64_t kPatches = 64;
/// Groups of images with sums of their own.
constexpr int64_t kMostGroups = 32;
constexpr int64_t kVector = 16;

int64_t round_up(int64_t n, int64_t unit) {
  return (n + unit - 1) / unit * unit;
}

/// Patches of an input with its padding in memory: the taps of a pixel one after the other,
/// [pixel][u][v][c], a whole number of the tile's narrow columns apart. What lies between them is
/// of no account.
class Patches {
 public:
  Patches(const Conv2dGeometry& g, const Tensor& x)
      : g_(g),
        run_(g.kernel_width * g.channels),
        step_(round_up(g.filter_size(), tile().narrow_columns())),
        width_(g.width + g.options.padding_begin + g.options.padding_end),
        height_(g.height + g.options.padding_begin + g.options.padding_end),
        padded_(padded_copy(x, g.options.padding_begin, g.options.padding_end, kVector)) {}

  int64_t step() const { return step_; }
  /// Numbers that `pixels` patches take.
  int64_t room(int64_t pixels) const { return pixels * step_ + kVector; }

  /// Pixels [begin, end) of an image of the result.
  void copy(int64_t image, int64_t begin, int64_t end, real* to) const {
    const int64_t row = width_ * g_.channels, across = g_.options.stride * g_.channels;
    const real* first = padded_.data() + image * height_ * row;
    for (int64_t p = begin; p < end;) {
      const real* from = first + p / g_.out_width * g_.options.stride * row;
      const int64_t last = std::min(end, (p / g_.out_width + 1) * g_.out_width);
      for (int64_t j = p % g_.out_width; p < last; ++p, ++j, to += step_) {
        for (int64_t u = 0; u < g_.kernel_height; ++u) {
          copy_run(from + j * across + u * row, to + u * run_);
        }
      }
    }
  }

 private:
  /// In whole vectors: what is written past the run the next one replaces.
  void copy_run(const real* from, real* to) const {
    for (int64_t k = 0; k < run_; k += kVector) {
      std::memcpy(to + k, from + k, kVector * sizeof(real));
    }
  }

  const Conv2dGeometry& g_;
  int64_t run_, step_;
  int64_t width_, height_;
  Tensor padded_;
};

/// Sums of one group of images, [filter][patch], both rounded up to whole tiles.
class WeightSums {
 public:
  WeightSums(const Conv2dGeometry& g, const Patches& patches, const GradientRows& dy, real* sums)
      : g_(g),
        patches_(patches),
        dy_(dy),
        filters_(round_up(g.filters, tile().rows)),
        rows_(band_rows()),
        sums_(sums),
        gradient_(rows_ * g.out_width * g.filters + tile().rows),
        patch_(patches.room(kPatches)) {}

  static int64_t size(const Conv2dGeometry& g, const Patches& patches) {
    return round_up(g.filters, tile().rows) * patches.step();
  }

  void add_image(int64_t image) {
    for (int64_t row = 0; row < g_.out_height; row += rows_) {
      const int64_t last = std::min(g_.out_height, row + rows_);
      const real* dy = dy_.rows(image, row, last, gradient_.data());
      if (g_.filters < filters_ && dy != gradient_.data()) {
        // Tiles of filters reach past the last pixel.
        std::copy_n(dy, (last - row) * g_.out_width * g_.filters, gradient_.data());
        dy = gradient_.data();
      }
      for (int64_t p = row * g_.out_width; p < last * g_.out_width; p += kPatches) {
        const int64_t end = std::min(last * g_.out_width, p + kPatches);
        patches_.copy(image, p, end, patch_.data());
        add_pixels(dy + (p - row * g_.out_width) * g_.filters, end - p);
      }
    }
  }

 private:
  int64_t band_rows() const {
    const int64_t bands = std::max<int64_t>(1, kPixels / (dy_.band * g_.out_width));
    return std::min(g_.out_height, bands * dy_.band);
  }

  void add_pixels(const real* dy, int64_t pixels) {
    const kernels::tile::Kernels& kernel = tile();
    const int64_t start = 0, step = patches_.step();
    // Few columns of the patches at a time: they and dy stay in the first cache.
    for (int64_t k = 0; k < step; k += kernel.columns) {
      const auto outer = k + kernel.columns <= step ? kernel.outer : kernel.outer_narrow;
      const kernels::tile::Runs right{patch_.data() + k, &start, step};
      for (int64_t f = 0; f < filters_; f += kernel.rows) {
        outer({dy + f, &start, g_.filters}, right, 1, pixels, true, sums_ + f * step + k, step);
      }
    }
  }

  const Conv2dGeometry& g_;
  const Patches& patches_;
  const GradientRows& dy_;
  int64_t filters_;
  int64_t rows_;  ///< of dy that are made together
  real* sums_;
  Buffer<real> gradient_;
  Buffer<real> patch_;
};

}  // namespace

bool has_few_channels(const Conv2dGeometry& g) {
  return g.options.groups == 1 && g.kernel_width > 1 && g.channels < kFewChannels;
}

FewChannelsProduct::FewChannelsProduct(const Conv2dGeometry& g, const Tensor& x,
                                       const Tensor& weight)
    : grid_(g.forward_grid()),
      padded_(padded_copy(x, g.options.padding_begin, g.options.padding_end, 0)),
      panels_(pack_rows(weight.data(), g.filter_size(), g.filters, g.filter_size())) {
  grid_.height = g.height + g.options.padding_begin + g.options.padding_end;
  grid_.width = g.width + g.options.padding_begin + g.options.padding_end;
  grid_.length = g.kernel_width * g.channels;
  for (int64_t& row : grid_.tap_rows) row += g.options.padding_begin;
  grid_.tap_columns = {0};
}

void FewChannelsProduct::all(const real* bias, real* y, PixelPass* pass) const {
  tap_product(grid_, padded_.data(), panels_, bias, y, pass);
}

void FewChannelsProduct::pixels(int64_t begin, int64_t end, real* y) const {
  tap_product_pixels(grid_, padded_.data(), panels_, begin, end, y);
}

void few_channels_weight_gradient(const Conv2dGeometry& g, const Tensor& x, const GradientRows& dy,
                                  real* dw) {
  const Patches patches(g, x);
  const int64_t size = WeightSums::size(g, patches);
  const int64_t groups = std::clamp<int64_t>(g.images, 1, kMostGroups);
  Tensor sums = Tensor::uninitialized({groups, size});
  parallel_for(groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      real* own = sums.data() + group * size;
      std::fill_n(own, size, real{0});
      WeightSums task(g, patches, dy, own);
      const int64_t last = (group + 1) * g.images / groups;
      for (int64_t n = group * g.images / groups; n < last; ++n) task.add_image(n);
    }
  });
  for (int64_t f = 0; f < g.filters; ++f) {
    real* out = dw + f * g.filter_size();
    std::copy_n(sums.data() + f * patches.step(), g.filter_size(), out);
    for (int64_t group = 1; group < groups; ++group) {
      const real* from = sums.data() + group * size + f * patches.step();
      for (int64_t k = 0; k < g.filter_size(); ++k) out[k] += from[k];
    }
  }
}

}  // namespace fracbit::ops
