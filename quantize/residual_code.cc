#include "fracbit/quantize/residual_code.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/level_grid.h"
#include "fracbit/quantize/pack_words.h"
#include "fracbit/quantize/reduce.h"
#include "fracbit/quantize/round.h"

namespace fracbit::quantize {
namespace {

/// Elements that a loop handles at once, in buffers of the first-level cache.
constexpr int64_t kChunk = 256;
using Chunk = std::array<real, kChunk>;

/// Subtracts mu sgn(e) from each residual.
void advance(real* e, int64_t count, real mu) {
  for (int64_t c = 0; c < count; ++c) e[c] -= e[c] >= 0 ? mu : -mu;
}

/// The groups of a tensor, each cut into tasks that never cross a group.
struct Tasks {
  int64_t each;       ///< elements per group
  int64_t per_group;  ///< tasks per group
  int64_t total;

  Tasks(int64_t size, int64_t groups)
      : each(groups == 0 ? 0 : size / groups),
        per_group(std::max<int64_t>(1, (each + kGrain - 1) / kGrain)),
        total(groups * per_group) {}

  /// Calls body(task, group, begin, end) for every task.
  template <typename Body>
  void run(const Body& body) const {
    const int64_t together = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, each));
    parallel_for(total, together, [&](int64_t first, int64_t last) {
      for (int64_t task = first; task < last; ++task) {
        const int64_t group = task / per_group;
        const int64_t begin = task % per_group * kGrain;
        body(task, group, group * each + begin, group * each + std::min(each, begin + kGrain));
      }
    });
  }
};

struct Sum {
  double magnitude = 0;
  double count = 0;
};

/// Sum of |E_n| over the elements of [begin, end) whose width exceeds n, and their number.
Sum sum_term(const real* x, const real* mu, int n, int64_t begin, int64_t end,
             const Widths& widths) {
  Sum sum;
  Chunk e, width;
  for (int64_t first = begin; first < end; first += kChunk) {
    const int64_t count = std::min(kChunk, end - first);
    std::copy_n(x + first, count, e.data());
    widths.fill(first, count, width.data());
    for (int j = 0; j < n; ++j) advance(e.data(), count, mu[j]);
    const auto below = static_cast<real>(n);
    int32_t active = 0;
    for (int64_t c = 0; c < count; ++c) {
      const auto at = static_cast<size_t>(c);
      e[at] = width[at] > below ? std::abs(e[at]) : 0;
      active += static_cast<int32_t>(width[at] > below);
    }
    sum.magnitude += lane_sum(0, count, [&](int64_t c) { return e[static_cast<size_t>(c)]; });
    sum.count += active;
  }
  return sum;
}

/// One group's scales: mu of the residuals, and what each term adds to the level.
struct Group {
  const real* mu;
  const real* level;
  int terms;
};

/// Levels of a chunk of x into y.
void reconstruct(const real* x, const Group& group, int64_t count, const real* width, real* y) {
  Chunk e;
  std::copy_n(x, count, e.data());
  std::fill_n(y, count, real{0});
  for (int n = 0; n < group.terms; ++n) {
    const auto below = static_cast<real>(n);
    const real mu = group.mu[n];
    const real level = group.level[n];
    for (int64_t c = 0; c < count; ++c) {
      const auto at = static_cast<size_t>(c);
      const bool plus = e[at] >= 0;
      const real step = plus ? level : -level;
      y[c] += width[c] > below ? step : 0;
      e[at] -= plus ? mu : -mu;
    }
  }
}

/// Calls emit(first, count, levels) for chunk after chunk of x.
template <typename Emit>
void for_each_levels(const Tensor& x, const Tensor& mu, const Tensor& level, const Widths& widths,
                     const Emit& emit) {
  const auto terms = static_cast<int>(mu.shape()[1]);
  Tasks(x.size(), mu.shape()[0]).run([&](int64_t, int64_t group, int64_t begin, int64_t end) {
    Chunk width, levels;
    const Group scales{mu.data() + group * terms, level.data() + group * terms, terms};
    for (int64_t first = begin; first < end; first += kChunk) {
      const int64_t count = std::min(kChunk, end - first);
      widths.fill(first, count, width.data());
      reconstruct(x.data() + first, scales, count, width.data(), levels.data());
      emit(first, count, levels.data());
    }
  });
}

void copy_levels(const Tensor& x, const Tensor& mu, const Tensor& level, const Widths& widths,
                 Tensor& levels) {
  for_each_levels(x, mu, level, widths, [&](int64_t first, int64_t count, const real* from) {
    std::copy_n(from, count, levels.data() + first);
  });
}

/// Sign and mask words of up to 64 elements, term after term.
void pack_terms(const real* x, const real* mu, int terms, int64_t count, const real* width,
                uint64_t* words, int64_t plane_stride) {
  std::array<real, 64> e;
  std::copy_n(x, count, e.data());
  for (int n = 0; n < terms; ++n) {
    CodeBytes codes{};
    const auto below = static_cast<real>(n);
    for (int64_t c = 0; c < count; ++c) {
      const auto at = static_cast<size_t>(c);
      const int active = width[c] > below ? 3 : 0;
      const int code = e[at] >= 0 ? 3 : 2;
      codes[at] = static_cast<uint8_t>(active & code);
    }
    words[2 * n * plane_stride] = gather_plane(codes, 0);
    words[(2 * n + 1) * plane_stride] = gather_plane(codes, 1);
    advance(e.data(), count, mu[n]);
  }
}

}  // namespace

Tensor group_mean_abs(const Tensor& x, int64_t groups) {
  Tensor result = Tensor::zeros({groups});
  const Tasks tasks(x.size(), groups);
  if (tasks.each == 0) return result;
  std::vector<double> sums(static_cast<size_t>(tasks.total));
  const real* from = x.data();
  tasks.run([&](int64_t task, int64_t, int64_t begin, int64_t end) {
    sums[static_cast<size_t>(task)] =
        lane_sum(begin, end, [from](int64_t i) { return std::abs(from[i]); });
  });
  for (int64_t g = 0; g < groups; ++g) {
    double* sum = sums.data() + g * tasks.per_group;
    tree_reduce(sum, tasks.per_group, 1);
    result[g] = static_cast<real>(*sum / static_cast<double>(tasks.each));
  }
  return result;
}

Tensor fit_scales(const Tensor& x, const Tensor& first, int terms, const Widths& widths) {
  const int64_t groups = first.size();
  Tensor mu = Tensor::zeros({groups, terms});
  for (int64_t g = 0; g < groups; ++g) mu[g * terms] = first[g];
  const Tasks tasks(x.size(), groups);
  std::vector<double> sums(static_cast<size_t>(2 * tasks.total));
  for (int n = 1; n < terms && tasks.each > 0; ++n) {
    tasks.run([&](int64_t task, int64_t group, int64_t begin, int64_t end) {
      const Sum sum = sum_term(x.data(), mu.data() + group * terms, n, begin, end, widths);
      sums[static_cast<size_t>(2 * task)] = sum.magnitude;
      sums[static_cast<size_t>(2 * task + 1)] = sum.count;
    });
    for (int64_t g = 0; g < groups; ++g) {
      double* sum = sums.data() + 2 * g * tasks.per_group;
      tree_reduce(sum, tasks.per_group, 2);
      mu[g * terms + n] = static_cast<real>(sum[1] > 0 ? sum[0] / sum[1] : 0);
    }
  }
  return mu;
}

namespace {

Tensor signs(const Tensor& x) {
  Tensor levels = Tensor::uninitialized(x.shape());
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) levels[i] = sign(x[i]);
  });
  return levels;
}

/// Codes level + range, which are not negative.
ScaledBits grid_bits(const Tensor& x, const Tensor& mu, const Widths& widths, int range) {
  GridScales grid = grid_scales(mu, range);
  const int bits = std::bit_width(static_cast<unsigned>(2 * range));
  std::vector<uint16_t> codes(static_cast<size_t>(x.size()));
  for_each_levels(x, mu, grid.m, widths, [&](int64_t first, int64_t count, const real* levels) {
    for (int64_t c = 0; c < count; ++c) {
      codes[static_cast<size_t>(first + c)] =
          static_cast<uint16_t>(static_cast<int32_t>(levels[c]) + range);
    }
  });
  BitTensor packed(x.shape(), Encoding::codes, bits, {1, -range});
  pack_codes(codes, packed);
  return {std::move(packed), std::move(grid.step)};
}

template <typename Int>
void write_ints(const Tensor& x, const Tensor& mu, const Tensor& level, const Widths& widths,
                IntTensor& ints) {
  Int* to = ints.data<Int>();
  for_each_levels(x, mu, level, widths, [to](int64_t first, int64_t count, const real* levels) {
    for (int64_t c = 0; c < count; ++c) to[first + c] = static_cast<Int>(levels[c]);
  });
}

}  // namespace

ScaledLevels residual_levels(const Tensor& x, const Tensor& mu, const Widths& widths, int grid) {
  if (mu.shape()[1] == 1) return {signs(x), mu.reshaped({mu.size()})};
  Tensor levels = Tensor::uninitialized(x.shape());
  if (grid > 0) {
    GridScales scales = grid_scales(mu, grid);
    copy_levels(x, mu, scales.m, widths, levels);
    return {std::move(levels), std::move(scales.step)};
  }
  copy_levels(x, mu, mu, widths, levels);
  return {std::move(levels), Tensor::full({1}, 1)};
}

ScaledBits residual_bits(const Tensor& x, const Tensor& mu, const Widths& widths, int grid) {
  const int64_t groups = mu.shape()[0];
  const auto terms = static_cast<int>(mu.shape()[1]);
  if (terms == 1) {
    BitTensor signs = BitTensor::bipolar(x.shape());
    pack_signs(x.span(), signs);
    return {std::move(signs), mu.reshaped({groups})};
  }
  if (grid > 0) return grid_bits(x, mu, widths, grid);
  BitTensor bits(x.shape(), Encoding::residual, terms);
  const int64_t each = std::max<int64_t>(1, groups == 0 ? 1 : x.size() / groups);
  for_each_word(bits, [&](uint64_t* words, int64_t first, int64_t count) {
    std::array<real, 64> width;
    widths.fill(first, count, width.data());
    pack_terms(x.data() + first, mu.data() + first / each * terms, terms, count, width.data(),
               words, bits.words_per_plane());
  });
  return {std::move(bits), mu};
}

ScaledInts residual_ints(const Tensor& x, const Tensor& mu, const Widths& widths, int grid) {
  if (mu.shape()[1] == 1) {
    ScaledInts result{IntTensor(x.shape(), IntWidth::int8), mu.reshaped({mu.size()})};
    int8_t* to = result.ints.data<int8_t>();
    parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = static_cast<int8_t>(x[i] >= 0 ? 1 : -1);
    });
    return result;
  }
  GridScales scales = grid_scales(mu, grid);
  ScaledInts result{IntTensor(x.shape(), width_for(grid)), std::move(scales.step)};
  if (result.ints.width() == IntWidth::int8) {
    write_ints<int8_t>(x, mu, scales.m, widths, result.ints);
  } else {
    write_ints<int16_t>(x, mu, scales.m, widths, result.ints);
  }
  return result;
}

deploy::StoredWeights stored_residual(const Tensor& w, const Tensor& mu, const Widths& widths,
                                      int grid) {
  deploy::StoredWeights stored{residual_bits(w, mu, widths)};
  if (grid == 0 || mu.shape()[1] == 1) return stored;
  GridScales scales = grid_scales(mu, grid);
  stored.levels = std::move(scales.m);
  stored.steps = std::move(scales.step);
  return stored;
}

Tensor pass_inside_width(const Tensor& x, const Tensor& dy, const Widths& widths) {
  require_same_shape("quantize", x, dy);
  Tensor dx = Tensor::uninitialized(x.shape());
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end) {
    Chunk width;
    for (int64_t first = begin; first < end; first += kChunk) {
      const int64_t count = std::min(kChunk, end - first);
      widths.fill(first, count, width.data());
      for (int64_t c = 0; c < count; ++c) {
        dx[first + c] = std::abs(x[first + c]) <= width[static_cast<size_t>(c)] ? dy[first + c] : 0;
      }
    }
  });
  return dx;
}

}  // namespace fracbit::quantize
