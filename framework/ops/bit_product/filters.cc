#include "fracbit/framework/ops/bit_product/filters.h"

#include <algorithm>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/kernels/lookup/lookup.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::bit_product {
namespace {

bool has_any(const std::vector<int32_t>& factors) {
  return std::any_of(factors.begin(), factors.end(), [](int32_t factor) { return factor != 0; });
}

bool is_inside(const Border::Class& c, int64_t row, int64_t column) {
  return c.row_begin <= row && row < c.row_end && c.column_begin <= column && column < c.column_end;
}

/// Whether all taps of all outputs are inside the image.
bool is_whole(const Border& border, const Geometry& geometry) {
  return std::all_of(border.classes.begin(), border.classes.end(), [&](const Border::Class& c) {
    return is_inside(c, 0, 0) &&
           is_inside(c, geometry.kernel_height - 1, geometry.kernel_width - 1);
  });
}

}  // namespace

Filters::Filters(const BitTensor& w, const Geometry& geometry, int64_t group, int64_t block)
    : block_(block),
      planes_(w.planes()),
      blocks_((geometry.group_filters() + block - 1) / block),
      words_(geometry.taps() * w.words_per_plane()),
      block_size_(planes_ * words_ * block),
      data_(blocks_ * block_size_) {
  const int64_t filters = geometry.group_filters();
  const int64_t per_tap = w.words_per_plane();
  const int64_t grain = std::max<int64_t>(1, (1 << 13) / std::max<int64_t>(1, block_size_));
  parallel_for(blocks_, grain, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int64_t valid = std::min(block_, filters - b * block_);
      const uint64_t* from = w.row((group * filters + b * block_) * geometry.taps());
      const int64_t step = geometry.taps() * w.words_per_row();
      uint64_t* block_words = data_.data() + b * block_size_;
      for (int64_t tap = 0; tap < geometry.taps(); ++tap) {
        for (int64_t plane = 0; plane < planes_; ++plane) {
          uint64_t* to = block_words + (plane * words_ + tap * per_tap) * block_;
          for (int64_t i = 0; i < per_tap; ++i, ++from, to += block_) {
            for (int64_t f = 0; f < valid; ++f) to[f] = from[f * step];
            std::fill(to + valid, to + block_, 0);
          }
        }
      }
    }
  });
}

Buffer<uint8_t> Filters::index(const Step& step, const kernels::lookup::Kernels& kernels) const {
  const int64_t size = step.w_planes * plane_size() * 16;
  Buffer<uint8_t> result(blocks_ * size);
  parallel_for(blocks_, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      kernels.index(block(b) + step.w_plane * plane_size(), step.w_planes * words_,
                    result.data() + b * size);
    }
  });
  return result;
}

/// Sums over the words of each tap of factor[plane] popcount, [taps][block], added to `sums`.
void Filters::add_popcounts(const std::vector<int32_t>& factors, const uint64_t* block,
                            int64_t taps, const kernels::bitgemm::Kernels& kernels,
                            std::vector<int32_t>& sums) const {
  std::vector<int32_t> counts(static_cast<size_t>(plane_size()));
  for (size_t plane = 0; plane < factors.size(); ++plane, block += plane_size()) {
    if (factors[plane] == 0) continue;
    kernels.popcounts(block, plane_size(), counts.data());
    const int32_t* count = counts.data();
    for (int64_t tap = 0; tap < taps; ++tap) {
      int32_t* sum = sums.data() + tap * block_;
      for (int64_t i = 0; i < words_ / taps; ++i, count += block_) {
        for (int64_t f = 0; f < block_; ++f) sum[f] += factors[plane] * count[f];
      }
    }
  }
}

std::vector<int32_t> Filters::terms(const Step& step, const Border& border,
                                    const Geometry& geometry,
                                    const kernels::bitgemm::Kernels& kernels) const {
  const bool whole = is_whole(border, geometry);
  if (!has_any(step.inside) && step.per_channel == 0 && (whole || !has_any(step.outside)))
    return {};
  const int64_t taps = geometry.taps();
  const bool same = whole || (step.inside == step.outside && step.per_channel == 0);
  const auto classes = same ? 1 : static_cast<int64_t>(border.classes.size());
  const int32_t channels = static_cast<int32_t>(geometry.group_channels());
  std::vector<int32_t> result(static_cast<size_t>(blocks_ * classes * block_));
  parallel_for(blocks_, 1, [&](int64_t begin, int64_t end) {
    const size_t size = static_cast<size_t>(taps * block_);
    for (int64_t b = begin; b < end; ++b) {
      std::vector<int32_t> inside(size, step.per_channel * channels);
      std::vector<int32_t> outside(size, 0);
      add_popcounts(step.inside, block(b), taps, kernels, inside);
      if (!same) add_popcounts(step.outside, block(b), taps, kernels, outside);
      int32_t* out = result.data() + b * classes * block_;
      for (int64_t at = 0; at < classes; ++at) {
        const Border::Class& c = border.classes[static_cast<size_t>(at)];
        for (int64_t tap = 0; tap < taps; ++tap) {
          const bool in =
              same || is_inside(c, tap / geometry.kernel_width, tap % geometry.kernel_width);
          const int32_t* sum = (in ? inside : outside).data() + tap * block_;
          for (int64_t f = 0; f < block_; ++f) out[f] += sum[f];
        }
        out += block_;
      }
    }
  });
  return result;
}

}  // namespace fracbit::ops::bit_product
