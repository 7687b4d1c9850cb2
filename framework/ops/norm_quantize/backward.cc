#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/norm/training/training.h"
#include "fracbit/framework/ops/gradient_codes.h"
#include "fracbit/framework/ops/norm_quantize.h"
#include "fracbit/framework/ops/norm_quantize/activation.h"
#include "fracbit/framework/ops/norm_quantize/check.h"
#include "fracbit/framework/ops/norm_quantize/lines.h"
#include "fracbit/framework/ops/norm_quantize/numbers.h"
#include "fracbit/framework/ops/norm_quantize/window_pool.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

namespace norm = kernels::norm;
namespace training = kernels::norm::training;

constexpr int64_t kTaskNumbers = 1 << 14;

const training::Kernels& training_kernels() {
  return training::find(isa_name(active_isa()).data());
}

/// D and what its gradient is made of.
template <typename T>
struct GradientSource {
  Numbers<T> d;
  Shape shape;
  const T* pooled;  ///< D after the pool, if that was a pass of its own, or null
  Shape pooled_shape;
  NormQuantizeOptions options;
  norm::Affine affine;
  norm::Activation h;
  training::Coefficients map;
  const real* dout;
};

/// The largest |g|, NaN left out, of numbers in lanes: one after the other each would wait for the
/// one before.
real largest(const real* g, int64_t count) {
  constexpr int64_t kLanes = 16;
  real most[kLanes] = {};
  const auto take = [&](real& so_far, real v) {
    so_far = std::abs(v) > so_far ? std::abs(v) : so_far;
  };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) take(most[lane], g[i + lane]);
  }
  for (; i < count; ++i) take(most[0], g[i]);
  return *std::max_element(most, most + kLanes);
}

/// Makes the gradient of D, rows of an image at a time. What is not [N, H, W, C] has one row per
/// sample.
template <typename T>
class ImageGradient {
 public:
  explicit ImageGradient(const GradientSource<T>& source)
      : s_(source),
        windows_(s_.options.pool && is_plain(*s_.options.pool)),
        height_(s_.shape.rank() == 4 ? s_.shape[1] : 1),
        row_(s_.shape.stride0() / height_),
        lines_(s_.shape, windows_) {}

  int64_t height() const { return height_; }
  /// rows() takes multiples of it, and the last row.
  int64_t band() const { return windows_ ? 2 : s_.pooled != nullptr ? height_ : 1; }

  /// Rows [begin, end) of image n; returns the largest |g|.
  real rows(int64_t n, int64_t begin, int64_t end, real* g) const {
    if (s_.pooled != nullptr && !windows_) return scattered(n, g);
    const int64_t first = n * s_.shape.stride0() + begin * row_;
    const int64_t per_row = windows_ ? 1 : row_ / lines_.channels();
    const int64_t scale = windows_ ? 2 : 1;
    const int64_t line = n * lines_.per_image();
    Buffer<T> room;
    const T* d = s_.d.at(first, first + (end - begin) * row_, room);
    const Part part{d, first, line + begin * per_row / scale, line + end * per_row / scale};
    return s_.pooled != nullptr ? unpooled(part, g) : direct(part, g);
  }

 private:
  struct Part {
    const T* d;
    int64_t first;       ///< number of D, that at d
    int64_t begin, end;  ///< lines
  };

  /// Without a pool, or with 2x2 windows after the normalisation.
  real direct(const Part& part, real* g) const {
    real most = 0;
    const auto pass = [&](const Stretch& s, const real* dout) {
      const real size = passes_.gradient(run_of(part.d, part.first, lines_, s), s_.affine, s_.h,
                                         s_.map, dout, g + s.input - part.first);
      most = size > most ? size : most;
    };
    lines_.for_stretches(part.begin, part.end,
                         [&](const Stretch& s) { pass(s, s_.dout + s.output); });
    lines_.for_rest(part.begin, part.end, [&](const Stretch& s) { pass(s, nullptr); });
    return most;
  }

  /// 2x2 windows before the normalisation.
  real unpooled(const Part& part, real* g) const {
    std::vector<real> row(static_cast<size_t>(lines_.line_pixels() * lines_.channels()));
    real most = 0;
    lines_.for_stretches(part.begin, part.end, [&](const Stretch& s) {
      const norm::Run<T> pooled{s_.pooled + s.output, 0, s.pixels, lines_.channels()};
      const real size =
          passes_.gradient(pooled, s_.affine, s_.h, s_.map, s_.dout + s.output, row.data());
      most = size > most ? size : most;
      passes_.unpool(run_of(part.d, part.first, lines_, s), row.data(), g + s.input - part.first);
    });
    lines_.for_rest(part.begin, part.end, [&](const Stretch& s) {
      std::fill_n(g + s.input - part.first, s.pixels * lines_.channels(), real{0});
    });
    return most;
  }

  /// Any windows, before or after the normalisation; the whole image. Only what flows through the
  /// outputs is scattered: before it, all of g; after it, A dy.
  real scattered(int64_t n, real* g) const {
    const int64_t channels = s_.shape.back(), from = n * s_.pooled_shape.stride0();
    const bool pool_first = s_.options.pool_first;
    const T* image = s_.d.d + n * s_.shape.stride0();
    const std::vector<real> zeros(static_cast<size_t>(channels));
    std::vector<real> pulled(static_cast<size_t>(s_.pooled_shape.stride0()));
    const norm::Run<T> outputs{s_.pooled + from, 0, s_.pooled_shape.stride0() / channels, channels};
    if (pool_first) {
      passes_.gradient(outputs, s_.affine, s_.h, s_.map, s_.dout + from, pulled.data());
      std::fill_n(g, s_.shape.stride0(), real{0});
    } else {
      const training::Coefficients gated{s_.map.a, zeros.data(), zeros.data()};
      passes_.gradient(outputs, s_.affine, s_.h, gated, s_.dout + from, pulled.data());
      const norm::Run<T> inputs{image, 0, s_.shape.stride0() / channels, channels};
      passes_.gradient(inputs, s_.affine, s_.h, s_.map, nullptr, g);
    }
    const WindowPool pool(s_.shape, s_.pooled_shape, *s_.options.pool,
                          pool_first ? nullptr : s_.affine.scale);
    pool.backward(image, pulled.data(), g);
    return largest(g, s_.shape.stride0());
  }

  GradientSource<T> s_;
  bool windows_;  ///< 2x2
  int64_t height_;
  int64_t row_;  ///< numbers of D
  Lines lines_;
  const training::Passes<T>& passes_ = training::passes<T>(training_kernels());
};

/// Sum of dy and of dy (D - centre), per channel, in blocks of lines that are added in a tree.
template <typename T>
std::vector<double> gradient_sums(const Numbers<T>& d, const Lines& lines,
                                  const norm::Affine& affine, const norm::Activation& h,
                                  const Tensor& centre, const Tensor& dout) {
  const int64_t channels = lines.channels(), width = 2 * channels;
  const int64_t grain = lines.grain(kTaskNumbers);
  const int64_t blocks = std::max<int64_t>(1, (lines.count() + grain - 1) / grain);
  std::vector<double> sums(static_cast<size_t>(blocks * width));
  const training::Passes<T>& passes = training::passes<T>(training_kernels());
  parallel_for(lines.count(), grain, [&](int64_t begin, int64_t end) {
    double* into = sums.data() + begin / grain * width;
    for_runs(d, lines, begin, end, [&](const norm::Run<T>& run, const Stretch& s) {
      passes.gradient_sums(run, affine, h, centre.data(), dout.data() + s.output, into,
                           into + channels);
    });
  });
  tree_reduce(sums.data(), blocks, width);
  return sums;
}

/// Calls image(n) for all images, in tasks of some size.
template <typename Image>
void for_images(const Shape& shape, Image image) {
  const int64_t each = std::max<int64_t>(1, shape.stride0());
  parallel_for(shape[0], std::max<int64_t>(1, kTaskNumbers / each),
               [&](int64_t begin, int64_t end) {
                 for (int64_t n = begin; n < end; ++n) image(n);
               });
}

/// gradient(n, g) writes image n and returns the largest |g|; its codes follow while it is in the
/// cache.
template <typename Gradient>
GradientCodes encode_images(const Shape& shape, const GradientBits& options, Gradient gradient) {
  GradientCodes result{shape, options.bits, Buffer<uint8_t>(shape.size()),
                       Tensor::uninitialized({shape[0]})};
  const int64_t each = shape.stride0();
  for_images(shape, [&](int64_t n) {
    Buffer<real> g(each);
    const GradientMap map(gradient(n, g.data()), result.top());
    gradient_codes({g.data(), static_cast<size_t>(each)}, map, result.top(), options.noise,
                   n * each, result.codes.data() + n * each);
    result.scales[n] = map.scale;
  });
  return result;
}

}  // namespace

/// Roughly the mean of D: sums about it lose no digits.
Tensor NormQuantize::centres() const {
  Tensor centre = Tensor::zeros(gamma_.shape());
  for (int64_t c = 0; c < centre.size(); ++c) {
    const double middle = mean_[static_cast<size_t>(c)] / a_[c];
    if (std::isfinite(middle)) centre[c] = static_cast<real>(middle);
  }
  return centre;
}

/// The gradients of gamma and beta from the sums of dy and of dy (D - centre), and the map to that
/// of x: slope dy + pull (x - mean) + shift, where pull and shift carry the gradient through the
/// batch's own statistics and are zero in evaluation.
void NormQuantizeGradient::find_map(const std::vector<double>& sums) {
  const Tensor centre = of_.centres();
  const auto channels = static_cast<size_t>(centre.size());
  const Shape& normalised = of_.options_.pool_first ? of_.output_ : of_.shape_;
  const auto pixels = static_cast<double>(normalised.size()) / static_cast<double>(channels);
  const double share = of_.training_ ? 1 / pixels : 0;
  for (Tensor* each : {&gamma, &beta, &a_, &b_, &c_}) *each = Tensor::zeros(centre.shape());
  for (int64_t c = 0; c < centre.size(); ++c) {
    const auto i = static_cast<size_t>(c);
    const double a = of_.a_[c], inverse = of_.inverse_deviation_[i];
    const double slope = of_.gamma_[c] * inverse;
    const double sum = sums[i];
    // Sum of dy (x - mean), x = a D.
    const double product = a * sums[i + channels] + (a * centre[c] - of_.mean_[i]) * sum;
    const double pull = -slope * inverse * inverse * product * share;
    beta[c] = static_cast<real>(sum);
    gamma[c] = static_cast<real>(product * inverse);
    a_[c] = static_cast<real>(slope);
    b_[c] = static_cast<real>(pull * a);
    c_[c] = static_cast<real>(-slope * sum * share - pull * of_.mean_[i]);
  }
}

NormQuantizeGradient::NormQuantizeGradient(NormQuantize&& of, Tensor dout, MakePixels again)
    : of_(std::move(of)), again_(std::move(again)), dout_(std::move(dout)) {
  const norm::Affine affine{of_.scale_.data(), of_.shift_.data()};
  const norm::Activation h = activation_of(of_.options_);
  const bool windows = of_.options_.pool && !of_.has_pooled_;
  const NormQuantize::Data& read = of_.has_pooled_ ? of_.pooled_ : of_.d_;
  find_map(visit_numbers(read, [&]<typename T>(const T* d, const Shape&) {
    const Lines lines(of_.has_pooled_ ? of_.output_ : of_.shape_, windows);
    return gradient_sums(Numbers<T>{d, again_ ? &again_ : nullptr, lines.channels()}, lines, affine,
                         h, of_.centres(), dout_);
  }));
}

template <typename F>
auto NormQuantizeGradient::with_images(F f) const {
  return visit_numbers(of_.d_, [&]<typename T>(const T* d, const Shape&) {
    const T* pooled = of_.has_pooled_ ? numbers<T>(of_.pooled_) : nullptr;
    return f(ImageGradient<T>({.d = {d, again_ ? &again_ : nullptr, of_.shape_.back()},
                               .shape = of_.shape_,
                               .pooled = pooled,
                               .pooled_shape = of_.output_,
                               .options = of_.options_,
                               .affine = {of_.scale_.data(), of_.shift_.data()},
                               .h = activation_of(of_.options_),
                               .map = {a_.data(), b_.data(), c_.data()},
                               .dout = dout_.data()}));
  });
}

/// Where floats of the gradient of D go: into memory that is done with, where it has the place.
Tensor NormQuantizeGradient::room() {
  if (!of_.options_.pool) return std::move(dout_);
  const bool reals = std::holds_alternative<Tensor>(of_.d_) && !again_;
  if (reals && is_plain(*of_.options_.pool)) return std::move(std::get<Tensor>(of_.d_));
  return Tensor::uninitialized(of_.shape_);
}

Tensor NormQuantizeGradient::floats() && {
  return with_images([&](const auto& images) {
    Tensor g = room();
    for_images(of_.shape_, [&](int64_t n) {
      images.rows(n, 0, images.height(), g.data() + n * of_.shape_.stride0());
    });
    return g;
  });
}

GradientCodes NormQuantizeGradient::codes(const GradientBits& options) const {
  if (options.bits < 1 || options.bits > 8) {
    throw ConfigError("[norm_quantize] expects 1 to 8 gradient bits, got " +
                      std::to_string(options.bits));
  }
  return with_images([&](const auto& images) {
    return encode_images(of_.shape_, options,
                         [&](int64_t n, real* g) { return images.rows(n, 0, images.height(), g); });
  });
}

GradientRows NormQuantizeGradient::rows() const {
  return with_images([](const auto& images) -> GradientRows {
    return {.rows =
                [images](int64_t n, int64_t begin, int64_t end, real* room) {
                  images.rows(n, begin, end, room);
                  return static_cast<const real*>(room);
                },
            .band = images.band()};
  });
}

NormQuantizeGradient NormQuantize::gradient(Tensor dout, MakePixels again) && {
  if (dout.shape() != output_) {
    throw ShapeError("[norm_quantize] expects a gradient of shape " + to_string(output_) +
                     ", got " + to_string(dout.shape()));
  }
  return {std::move(*this), std::move(dout), std::move(again)};
}

NormQuantize::Gradients NormQuantize::backward(Tensor dout,
                                               const std::optional<GradientBits>& codes) && {
  NormQuantizeGradient found = std::move(*this).gradient(std::move(dout));
  Gradients result{{}, std::move(found.gamma), std::move(found.beta)};
  if (codes) {
    result.x = found.codes(*codes);
  } else {
    result.x = std::move(found).floats();
  }
  return result;
}

}  // namespace fracbit::ops
