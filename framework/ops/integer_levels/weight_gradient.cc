#include "fracbit/framework/ops/integer_levels/weight_gradient.h"

#include <algorithm>
#include <array>
#include <vector>

#include "fracbit/framework/kernels/intdot/training/training.h"
#include "fracbit/framework/ops/integer_levels/dense_weight.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_levels {
namespace {

/// Filters and channels of a task, at most: it transposes the samples for them alone.
constexpr int64_t kTaskFilters = 64;
constexpr int64_t kTaskChannels = 64;
/// A gradient that would be fewer tasks, or fewer than threads, is cut finer.
constexpr int64_t kFewTasks = 4;
/// Bytes of transposed samples that a task works on at once.
constexpr int64_t kCache = 1 << 19;

/// What all tasks share.
struct Problem {
  const Conv2dGeometry& geometry;
  const Format& format;
  const GradientCodes& g;
  const Tensor& x_scales;
  std::vector<real> scale;  ///< of each sample's integers
  int64_t run;              ///< groups of pixels in a line of the result
  int64_t lines_of_x;       ///< lines of x that taps reach
  int64_t task_filters = kTaskFilters;
  int64_t task_channels = kTaskChannels;

  Problem(const Conv2dGeometry& shape, const Format& chosen, const GradientCodes& gradient,
          const Tensor& scales)
      : geometry(shape), format(chosen), g(gradient), x_scales(scales) {
    for (int64_t b = 0; b < shape.images; ++b) {
      scale.push_back(scales.size() == 1 ? g.scales[b] : g.scales[b] * scales[b]);
    }
    run = format.groups(shape.out_width);
    lines_of_x = (shape.out_height - 1) * shape.options.stride + shape.kernel_height;
    const int64_t few = std::max<int64_t>(kFewTasks, threads());
    while (tasks() < few && task_channels > kLanes) task_channels /= 2;
    while (tasks() < few && task_filters > kLanes) task_filters /= 2;
  }

  int64_t down() const { return (geometry.group_filters + task_filters - 1) / task_filters; }
  int64_t across() const { return (geometry.group_channels + task_channels - 1) / task_channels; }
  int64_t tasks() const { return geometry.options.groups * down() * across(); }
};

/// The filters and channels of one task, and its transposed samples.
///
///   g  [sample][line][group of pixels][filter] groups
///   x  [16 channels][sample][line][group of pixels][tap column][16] groups
template <typename T>
class Task {
 public:
  Task(const Problem& problem, const T* x, int64_t group, int64_t filter, int64_t channel)
      : p_(problem),
        geometry_(problem.geometry),
        x_(x + group * geometry_.group_channels + channel),
        q_(problem.g.codes.data() + group * geometry_.group_filters + filter),
        filter_(group * geometry_.group_filters + filter),
        channel_(channel),
        filters_(std::min(problem.task_filters, geometry_.group_filters - filter)),
        channels_(std::min(problem.task_channels, geometry_.group_channels - channel)) {
    width_ = static_cast<int>(geometry_.kernel_width) * kLanes;
    blocks_ = (channels_ + kLanes - 1) / kLanes;
    g_step_ = (filters_ + kLanes - 1) / kLanes * kBlock;
    g_sample_ = geometry_.out_height * p_.run * g_step_;
    x_line_ = p_.run * width_ * kGroup;
    x_sample_ = p_.lines_of_x * x_line_;
    const int64_t each = g_sample_ + blocks_ * x_sample_;
    together_ = std::clamp<int64_t>(kCache / std::max<int64_t>(1, each), 1, geometry_.images);
    g_groups_ = Buffer<uint8_t>(together_ * g_sample_);
    x_groups_ = Buffer<uint8_t>(together_ * blocks_ * x_sample_);
    terms_ = Buffer<int32_t>(together_ * width_);
    terms_.fill(0);
    zeros_.assign(static_cast<size_t>(std::max(kTaskFilters, kTaskChannels)), T{0});
    sums_ = Buffer<real>(blocks_ * geometry_.kernel_height * filters_ * width_);
    sums_.fill(0);
  }

  void run() {
    for (int64_t first = 0; first < geometry_.images; first += together_) {
      const int64_t samples = std::min(together_, geometry_.images - first);
      for (int64_t b = 0; b < samples; ++b) {
        transpose_gradient(first + b, g_groups_.data() + b * g_sample_);
        transpose_inputs(first + b, x_groups_.data() + b * x_sample_);
      }
      multiply(first, samples);
    }
  }

  void write(Tensor& dw) const {
    const real scale = p_.x_scales.size() == 1 ? p_.x_scales[0] : 1;
    const int64_t taps = geometry_.kernel_width;
    for (int64_t f = 0; f < filters_; ++f) {
      for (int64_t u = 0; u < geometry_.kernel_height; ++u) {
        for (int64_t c = 0; c < channels_; ++c) {
          const real* from = sums(c / kLanes, u) + f * width_ + c % kLanes;
          real* to = dw.data() + (filter_ + f) * geometry_.filter_size() +
                     u * taps * geometry_.group_channels + channel_ + c;
          for (int64_t v = 0; v < taps; ++v) {
            to[v * geometry_.group_channels] = scale * from[v * kLanes];
          }
        }
      }
    }
  }

 private:
  static constexpr int64_t kNumbers = kGroup / static_cast<int64_t>(sizeof(T));
  using Rows = std::array<const T*, static_cast<size_t>(kNumbers)>;

  const real* sums(int64_t block, int64_t u) const {
    return sums_.data() + (block * geometry_.kernel_height + u) * filters_ * width_;
  }
  real* sums(int64_t block, int64_t u) {
    return const_cast<real*>(static_cast<const Task*>(this)->sums(block, u));
  }

  void interleave(const Rows& from, int64_t n, uint8_t* to, int64_t block_step) const {
    const intdot::training::Kernels& kernels = *p_.format.training;
    if constexpr (sizeof(T) == 1) {
      std::array<const uint8_t*, 4> bytes;
      std::transform(from.begin(), from.end(), bytes.begin(),
                     [](const T* row) { return reinterpret_cast<const uint8_t*>(row); });
      kernels.interleave_bytes(bytes.data(), n, to, block_step);
    } else {
      kernels.interleave_words(from.data(), n, to, block_step);
    }
  }

  /// A row of codes as numbers: the bytes themselves, or 2 q - top in `buffer`.
  const T* numbers(const uint8_t* q, T* buffer) const {
    if constexpr (sizeof(T) == 1) {
      return reinterpret_cast<const T*>(q);
    } else {
      const int32_t top = p_.g.top();
      for (int64_t f = 0; f < filters_; ++f) buffer[f] = static_cast<T>(2 * q[f] - top);
      return buffer;
    }
  }

  void transpose_gradient(int64_t sample, uint8_t* to) const {
    const int64_t pixel = geometry_.filters;
    const uint8_t* q = q_ + sample * geometry_.out_height * geometry_.out_width * pixel;
    std::array<std::array<T, kTaskFilters>, static_cast<size_t>(kNumbers)> buffers;
    for (int64_t i = 0; i < geometry_.out_height; ++i) {
      for (int64_t k = 0; k < p_.run; ++k, to += g_step_) {
        Rows from;
        for (int64_t j = 0; j < kNumbers; ++j) {
          const int64_t column = k * kNumbers + j;
          const auto row = static_cast<size_t>(j);
          from[row] =
              column < geometry_.out_width
                  ? numbers(q + (i * geometry_.out_width + column) * pixel, buffers[row].data())
                  : zeros_.data();
        }
        interleave(from, filters_, to, kBlock);
      }
    }
  }

  void transpose_inputs(int64_t sample, uint8_t* to) const {
    const int64_t pixel = geometry_.channels;
    const int64_t begin = geometry_.options.padding_begin;
    const int64_t stride = geometry_.options.stride;
    const T* x = x_ + sample * geometry_.height * geometry_.width * pixel;
    const auto at = [&](int64_t row, int64_t column) {
      const bool inside =
          row >= 0 && row < geometry_.height && column >= 0 && column < geometry_.width;
      return inside ? x + (row * geometry_.width + column) * pixel : zeros_.data();
    };
    for (int64_t row = 0; row < p_.lines_of_x; ++row) {
      for (int64_t k = 0; k < p_.run; ++k) {
        for (int64_t v = 0; v < geometry_.kernel_width; ++v, to += kBlock) {
          Rows from;
          for (int64_t j = 0; j < kNumbers; ++j) {
            const int64_t column = k * kNumbers + j;  // of the result; past its end nothing counts
            from[static_cast<size_t>(j)] = column < geometry_.out_width
                                               ? at(row - begin, column * stride + v - begin)
                                               : zeros_.data();
          }
          interleave(from, channels_, to, together_ * x_sample_);
        }
      }
    }
  }

  void multiply(int64_t first, int64_t samples) {
    const intdot::training::Format& kernels = p_.format.gradients();
    intdot::training::Outer d{};
    d.g_sample = g_sample_, d.g_line = p_.run * g_step_, d.g_step = g_step_;
    d.x_sample = x_sample_, d.x_line = geometry_.options.stride * x_line_;
    d.x_step = width_ * kGroup;
    d.samples = samples, d.lines = geometry_.out_height, d.run = p_.run;
    d.factor = p_.format.bytes ? 2 : 1;
    d.term = terms_.data(), d.term_sample = width_;
    d.scale = p_.scale.data() + first;
    d.g = g_groups_.data(), d.rows = static_cast<int>(filters_);
    d.lanes = width_, d.sum_step = width_;
    for (int64_t block = 0; block < blocks_; ++block) {
      for (int64_t u = 0; u < geometry_.kernel_height; ++u) {
        d.x = x_groups_.data() + block * together_ * x_sample_ + u * x_line_;
        if (p_.format.bytes) kernels.sums(d, -p_.g.top(), terms_.data());
        d.sum = sums(block, u);
        kernels.outer(d);
      }
    }
  }

  const Problem& p_;
  const Conv2dGeometry& geometry_;
  const T* x_;
  const uint8_t* q_;
  int64_t filter_, channel_, filters_, channels_;
  int width_;       ///< lanes: tap columns x 16 channels
  int64_t blocks_;  ///< of 16 channels
  int64_t g_step_, g_sample_, x_line_, x_sample_, together_;
  Buffer<uint8_t> g_groups_, x_groups_;
  Buffer<int32_t> terms_;
  Buffer<real> sums_;  ///< [16 channels][tap row][filter][tap column][16]
  std::vector<T> zeros_;
};

}  // namespace

void weight_gradient(const ScaledInts& x, const GradientCodes& g, const Conv2dGeometry& geometry,
                     Tensor& dw) {
  if (is_dense(geometry)) return dense_weight_gradient(x, g, geometry, dw);
  const Format format = Format::of(x.ints.width(), IntWidth::int8);
  const Numbers numbers(x.ints, format);
  const Problem problem(geometry, format, g, x.scales);
  const int64_t down = problem.down();
  const int64_t across = problem.across();
  numbers.visit([&](const auto* levels) {
    using T = std::remove_cvref_t<decltype(*levels)>;
    parallel_for(problem.tasks(), 1, [&](int64_t task, int64_t) {
      Task<T> work(problem, levels, task / (down * across),
                   task / across % down * problem.task_filters,
                   task % across * problem.task_channels);
      work.run();
      work.write(dw);
    });
  });
}

}  // namespace fracbit::ops::integer_levels
