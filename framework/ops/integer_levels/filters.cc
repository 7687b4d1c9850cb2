#include "fracbit/framework/ops/integer_levels/filters.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <vector>

#include "fracbit/framework/kernels/intdot/training/training.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_levels {
namespace {

int64_t blocks_of(int64_t lanes) {
  return (lanes + kLanes - 1) / kLanes;
}

Filters make_filters(int64_t lanes, int64_t taps, int64_t run, int64_t term_rows) {
  Filters filters{};
  filters.lanes = lanes;
  filters.factor = 1;
  filters.term_step = blocks_of(lanes) * kLanes;
  filters.groups = Buffer<uint8_t>(blocks_of(lanes) * taps * run * kBlock);
  filters.terms = Buffer<int32_t>(term_rows * filters.term_step);
  filters.terms.fill(0);
  return filters;
}

/// One lane's groups of all taps, from `taps` runs of `channels` numbers, into zeros. Returns their
/// sum.
template <typename T>
int32_t write_lane(const T* w, int64_t taps, int64_t channels, int64_t run, T* to) {
  constexpr int64_t kNumbers = kGroup / static_cast<int64_t>(sizeof(T));
  constexpr int64_t kStep = kLanes * kNumbers;
  const int64_t whole = channels / kNumbers;
  for (int64_t t = 0; t < taps; ++t, to += run * kStep) {
    const T* from = w + t * channels;
    for (int64_t k = 0; k < whole; ++k) std::memcpy(to + k * kStep, from + k * kNumbers, kGroup);
    std::copy(from + whole * kNumbers, from + channels, to + whole * kStep);
  }
  return std::accumulate(w, w + taps * channels, int32_t{0});
}

/// Interleaves the rows of a group: filters first .. first + numbers - 1 of one tap, `stride`
/// apart.
template <typename T>
void write_rows(const intdot::training::Kernels& kernels, const T* w, int64_t stride, int64_t rows,
                int64_t channels, const T* zeros, uint8_t* to, int64_t block_step) {
  constexpr int kNumbers = kGroup / static_cast<int>(sizeof(T));
  std::array<const T*, static_cast<size_t>(kNumbers)> from;
  for (int j = 0; j < kNumbers; ++j) {
    from[static_cast<size_t>(j)] = j < rows ? w + j * stride : zeros;
  }
  if constexpr (sizeof(T) == 1) {
    std::array<const uint8_t*, 4> bytes;
    std::transform(from.begin(), from.end(), bytes.begin(),
                   [](const T* p) { return reinterpret_cast<const uint8_t*>(p); });
    kernels.interleave_bytes(bytes.data(), channels, to, block_step);
  } else {
    kernels.interleave_words(from.data(), channels, to, block_step);
  }
}

/// Sum over the filters of a group of each tap and channel.
template <typename T>
std::vector<int32_t> filter_sums(const T* w, const Conv2dGeometry& g) {
  const int64_t each = g.filter_size();
  std::vector<int32_t> sums(static_cast<size_t>(each));
  for (int64_t f = 0; f < g.group_filters; ++f) {
    for (int64_t i = 0; i < each; ++i) sums[static_cast<size_t>(i)] += w[f * each + i];
  }
  return sums;
}

}  // namespace

Filters forward_filters(const Numbers& w, const Conv2dGeometry& g, const Format& format,
                        int64_t group) {
  const int64_t run = format.groups(g.group_channels);
  Filters filters = make_filters(g.group_filters, g.taps(), run, 1);
  const int64_t block_bytes = g.taps() * run * kBlock;
  w.visit([&](const auto* numbers) {
    using T = std::remove_cvref_t<decltype(*numbers)>;
    const T* own = numbers + group * g.group_filters * g.filter_size();
    parallel_for(blocks_of(filters.lanes), 1, [&](int64_t begin, int64_t end) {
      uint8_t* from = filters.groups.data() + begin * block_bytes;
      std::fill(from, filters.groups.data() + end * block_bytes, uint8_t{0});
      for (int64_t f = begin * kLanes; f < std::min(end * kLanes, filters.lanes); ++f) {
        uint8_t* lane = filters.groups.data() + f / kLanes * block_bytes + f % kLanes * kGroup;
        const int32_t sum = write_lane(own + f * g.filter_size(), g.taps(), g.group_channels, run,
                                       reinterpret_cast<T*>(lane));
        if (format.bytes) filters.terms[f] = -Format::kOffset * sum;
      }
    });
  });
  return filters;
}

Filters gradient_filters(const Numbers& w, const Conv2dGeometry& g, const Format& format,
                         int64_t group, const Conv2dPhase& phase, const Windows& windows,
                         int32_t top) {
  const auto taps = static_cast<int64_t>(phase.taps.size());
  const int64_t run = format.groups(g.group_filters);
  Filters filters =
      make_filters(g.group_channels, taps, run, static_cast<int64_t>(windows.term_taps.size()));
  w.visit([&](const auto* numbers) {
    using T = std::remove_cvref_t<decltype(*numbers)>;
    const T* own = numbers + group * g.group_filters * g.filter_size();
    const std::vector<T> zeros(static_cast<size_t>(g.group_channels));
    parallel_for(taps * run, 16, [&](int64_t begin, int64_t end) {
      for (int64_t at = begin; at < end; ++at) {
        const int64_t tap = phase.taps[static_cast<size_t>(at / run)];
        const int64_t f = at % run * format.per_group();
        write_rows(*format.training, own + f * g.filter_size() + tap * g.group_channels,
                   g.filter_size(), g.group_filters - f, g.group_channels, zeros.data(),
                   filters.groups.data() + at * kBlock, taps * run * kBlock);
      }
    });
    if (!format.bytes) return;
    filters.factor = 2;
    const std::vector<int32_t> sums = filter_sums(own, g);
    for (size_t row = 0; row < windows.term_taps.size(); ++row) {
      int32_t* terms = filters.terms.data() + static_cast<int64_t>(row) * filters.term_step;
      for (int64_t t : windows.term_taps[row]) {
        const int32_t* from = sums.data() + phase.taps[static_cast<size_t>(t)] * g.group_channels;
        for (int64_t c = 0; c < g.group_channels; ++c) terms[c] -= top * from[c];
      }
    }
  });
  return filters;
}

}  // namespace fracbit::ops::integer_levels
