#include "fracbit/quantize/residual_code.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <vector>

#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/level_grid.h"
#include "fracbit/quantize/reduce.h"
#include "fracbit/quantize/round.h"

namespace fracbit::quantize {
namespace {

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

std::span<const real> part(const Tensor& x, int64_t begin, int64_t end) {
  return x.span().subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

/// The code of one group of scales; its widths are still to be described.
SignTerms code_of(const Tensor& mu, int64_t group) {
  SignTerms code;
  code.terms = static_cast<int>(mu.shape()[1]);
  std::copy_n(mu.data() + group * code.terms, code.terms, code.mu.begin());
  return code;
}

/// Calls body(code, first, end) for runs of elements whose widths have one description.
template <typename Body>
void for_each_run(SignTerms& code, const Widths& widths, int64_t begin, int64_t end,
                  const Body& body) {
  while (begin < end) {
    const int64_t count = widths.describe(begin, end - begin, code);
    body(begin, begin + count);
    begin += count;
  }
}

/// Levels of all elements, from what each term adds to them.
template <typename Level>
void write_all(const Tensor& x, const Tensor& mu, const Tensor& level, const Widths& widths,
               Level* out) {
  const int64_t terms = mu.shape()[1];
  Tasks(x.size(), mu.shape()[0]).run([&](int64_t, int64_t group, int64_t begin, int64_t end) {
    SignTerms code = code_of(mu, group);
    for_each_run(code, widths, begin, end, [&](int64_t first, int64_t last) {
      write_levels(part(x, first, last), code, level.data() + group * terms, out + first);
    });
  });
}

}  // namespace

Tensor group_mean_abs(const Tensor& x, int64_t groups) {
  Tensor result = Tensor::zeros({groups});
  const Tasks tasks(x.size(), groups);
  if (tasks.each == 0) return result;
  std::vector<double> sums(static_cast<size_t>(tasks.total));
  tasks.run([&](int64_t task, int64_t, int64_t begin, int64_t end) {
    sums[static_cast<size_t>(task)] = sum_of_magnitudes(part(x, begin, end));
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
      SignTerms code = code_of(mu, group);
      double magnitude = 0;
      int64_t count = 0;
      for_each_run(code, widths, begin, end, [&](int64_t from, int64_t to) {
        const TermSum sum = sum_of_term(part(x, from, to), code, n);
        magnitude += sum.magnitude;
        count += sum.count;
      });
      sums[static_cast<size_t>(2 * task)] = magnitude;
      sums[static_cast<size_t>(2 * task + 1)] = static_cast<double>(count);
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
  Buffer<int16_t> levels(x.size());
  write_all(x, mu, grid.m, widths, levels.data());
  std::vector<uint16_t> codes(static_cast<size_t>(x.size()));
  std::transform(levels.begin(), levels.end(), codes.begin(),
                 [range](int16_t level) { return static_cast<uint16_t>(level + range); });
  const auto bits = static_cast<int>(std::bit_width(static_cast<unsigned>(2 * range)));
  BitTensor packed(x.shape(), Encoding::codes, bits, {1, -range});
  pack_codes(codes, packed);
  return {std::move(packed), std::move(grid.step)};
}

/// Planes of several terms. Every row of bits lies in one group of scales.
void pack_planes(const Tensor& x, const Tensor& mu, const Widths& widths, BitTensor& bits) {
  const int64_t last = x.shape().back();
  const int64_t rows_per_group =
      std::max<int64_t>(1, bits.rows() / std::max<int64_t>(1, mu.shape()[0]));
  const int64_t rows = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, last));
  parallel_for(bits.rows(), rows, [&](int64_t begin, int64_t end) {
    std::vector<uint8_t> gathered;
    for (int64_t r = begin; r < end; ++r) {
      SignTerms code = code_of(mu, r / rows_per_group);
      int64_t done = widths.describe(r * last, last, code);
      if (done < last) {
        // Only stored widths come in runs.
        gathered.assign(code.stored, code.stored + done);
        while (done < last) {
          const int64_t more = widths.describe(r * last + done, last - done, code);
          gathered.insert(gathered.end(), code.stored, code.stored + more);
          done += more;
        }
        code.stored = gathered.data();
      }
      write_planes(part(x, r * last, (r + 1) * last), code, bits.row(r));
    }
  });
}

}  // namespace

ScaledLevels residual_levels(const Tensor& x, const Tensor& mu, const Widths& widths, int grid) {
  if (mu.shape()[1] == 1) return {signs(x), mu.reshaped({mu.size()})};
  Tensor levels = Tensor::uninitialized(x.shape());
  if (grid > 0) {
    GridScales scales = grid_scales(mu, grid);
    write_all(x, mu, scales.m, widths, levels.data());
    return {std::move(levels), std::move(scales.step)};
  }
  write_all(x, mu, mu, widths, levels.data());
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
  pack_planes(x, mu, widths, bits);
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
    write_all(x, mu, scales.m, widths, result.ints.data<int8_t>());
  } else {
    write_all(x, mu, scales.m, widths, result.ints.data<int16_t>());
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

namespace {

/// Widths of a run of elements, one each.
void fill_widths(std::span<const real> x, const SignTerms& code, uint8_t* out) {
  switch (code.widths) {
    case SignTerms::Widths::uniform:
      std::fill_n(out, x.size(), static_cast<uint8_t>(code.terms));
      return;
    case SignTerms::Widths::cuts:
      return write_widths(x, code, out);
    case SignTerms::Widths::stored:
      std::copy_n(code.stored, x.size(), out);
  }
}

}  // namespace

Tensor pass_inside_width(const Tensor& x, Tensor dy, const Widths& widths) {
  require_same_shape("quantize", x, dy);
  real* gradient = dy.data();
  parallel_for(x.size(), kGrain, [&, gradient](int64_t begin, int64_t end) {
    std::vector<uint8_t> width(static_cast<size_t>(end - begin));
    SignTerms code;
    for_each_run(code, widths, begin, end, [&](int64_t first, int64_t last) {
      fill_widths(part(x, first, last), code, width.data() + (first - begin));
    });
    for (int64_t i = begin; i < end; ++i) {
      const auto limit = static_cast<real>(width[static_cast<size_t>(i - begin)]);
      const real g = gradient[i];
      gradient[i] = std::abs(x[i]) <= limit ? g : 0;
    }
  });
  return dy;
}

}  // namespace fracbit::quantize
