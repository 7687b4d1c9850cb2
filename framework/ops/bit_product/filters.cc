#include "fracbit/framework/ops/bit_product/filters.h"

#include <algorithm>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::bit_product {

using kernels::bitgemm::kFilters;

namespace {

/// Sums over the words of each tap of factor[plane] popcount, [taps][kFilters], added to `sums`.
void add_popcounts(const std::vector<int32_t>& factors, const uint64_t* block, int64_t words,
                   int64_t taps, const kernels::bitgemm::Kernels& kernels,
                   std::vector<int32_t>& sums) {
  const int64_t plane_size = words * kFilters;
  std::vector<int32_t> counts(static_cast<size_t>(plane_size));
  for (size_t plane = 0; plane < factors.size(); ++plane, block += plane_size) {
    if (factors[plane] == 0) continue;
    kernels.popcounts(block, plane_size, counts.data());
    const int32_t* count = counts.data();
    for (int64_t tap = 0; tap < taps; ++tap) {
      int32_t* sum = sums.data() + tap * kFilters;
      for (int64_t i = 0; i < words / taps; ++i, count += kFilters) {
        for (int f = 0; f < kFilters; ++f) sum[f] += factors[plane] * count[f];
      }
    }
  }
}

void add_filters(const int32_t* from, int32_t* to) {
  for (int f = 0; f < kFilters; ++f) to[f] += from[f];
}

}  // namespace

Filters::Filters(const BitTensor& w, const Geometry& geometry, int64_t group)
    : planes_(w.planes()),
      blocks_((geometry.group_filters() + kFilters - 1) / kFilters),
      words_(geometry.taps() * w.words_per_plane()),
      block_size_(planes_ * words_ * kFilters),
      data_(static_cast<size_t>(blocks_ * block_size_)) {
  const int64_t filters = geometry.group_filters();
  const int64_t per_tap = w.words_per_plane();
  const int64_t grain = std::max<int64_t>(1, (1 << 13) / std::max<int64_t>(1, block_size_));
  parallel_for(blocks_, grain, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin * kFilters; f < std::min(filters, end * kFilters); ++f) {
      const uint64_t* from = w.row((group * filters + f) * geometry.taps());
      uint64_t* to = data_.data() + f / kFilters * block_size_ + f % kFilters;
      for (int64_t tap = 0; tap < geometry.taps(); ++tap) {
        for (int64_t plane = 0; plane < planes_; ++plane) {
          for (int64_t i = 0; i < per_tap; ++i) {
            to[(plane * words_ + tap * per_tap + i) * kFilters] = *from++;
          }
        }
      }
    }
  });
}

int64_t Filters::plane_size() const {
  return words_ * kFilters;
}

std::vector<int32_t> Filters::terms(const Step& step, const Border& border,
                                    const Geometry& geometry,
                                    const kernels::bitgemm::Kernels& kernels) const {
  if (step.whole.empty() && step.inside.empty() && step.per_channel == 0) return {};
  const int64_t taps = geometry.taps();
  const int64_t classes = static_cast<int64_t>(border.classes.size());
  const int32_t channels = static_cast<int32_t>(geometry.group_channels());
  std::vector<int32_t> result(static_cast<size_t>(blocks_ * classes * kFilters));
  parallel_for(blocks_, 1, [&](int64_t begin, int64_t end) {
    const size_t size = static_cast<size_t>(taps * kFilters);
    for (int64_t b = begin; b < end; ++b) {
      std::vector<int32_t> whole(size, 0);
      std::vector<int32_t> inside(size, step.per_channel * channels);
      add_popcounts(step.whole, block(b), words_, taps, kernels, whole);
      add_popcounts(step.inside, block(b), words_, taps, kernels, inside);
      int32_t* out = result.data() + b * classes * kFilters;
      for (const Border::Class& c : border.classes) {
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int64_t row = tap / geometry.kernel_width;
          const int64_t column = tap % geometry.kernel_width;
          const bool in = c.row_begin <= row && row < c.row_end && c.column_begin <= column &&
                          column < c.column_end;
          add_filters(whole.data() + tap * kFilters, out);
          if (in) add_filters(inside.data() + tap * kFilters, out);
        }
        out += kFilters;
      }
    }
  });
  return result;
}

}  // namespace fracbit::ops::bit_product
