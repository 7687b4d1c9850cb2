#include <cmath>
#include <string>
#include <utility>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/norm/training/training.h"
#include "fracbit/framework/ops/gradient_codes.h"
#include "fracbit/framework/ops/norm_quantize.h"
#include "fracbit/framework/ops/norm_quantize/activation.h"
#include "fracbit/framework/ops/norm_quantize/check.h"
#include "fracbit/framework/ops/norm_quantize/lines.h"
#include "fracbit/framework/ops/norm_quantize/window_pool.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

namespace norm = kernels::norm;
namespace training = kernels::norm::training;

constexpr int64_t kTaskNumbers = 1 << 14;

const training::Kernels& active_kernels() {
  return training::find(isa_name(active_isa()).data());
}

template <typename T>
norm::Run<T> run_of(const T* d, const Lines& lines, const Stretch& stretch) {
  return {d + stretch.input, stretch.below, stretch.pixels, lines.channels()};
}

/// Sum of dy and of dy (D - centre), per channel, in blocks of lines that are added in a tree.
template <typename T>
std::vector<double> gradient_sums(const T* d, const Lines& lines, const norm::Affine& affine,
                                  const norm::Activation& h, const Tensor& centre,
                                  const Tensor& dout) {
  const int64_t channels = lines.channels(), width = 2 * channels;
  const int64_t grain = lines.grain(kTaskNumbers);
  const int64_t blocks = std::max<int64_t>(1, (lines.count() + grain - 1) / grain);
  std::vector<double> sums(static_cast<size_t>(blocks * width));
  const training::Passes<T>& passes = training::passes<T>(active_kernels());
  parallel_for(lines.count(), grain, [&](int64_t begin, int64_t end) {
    double* into = sums.data() + begin / grain * width;
    lines.for_stretches(begin, end, [&](const Stretch& s) {
      passes.gradient_sums(run_of(d, lines, s), affine, h, centre.data(), dout.data() + s.output,
                           into, into + channels);
    });
  });
  tree_reduce(sums.data(), blocks, width);
  return sums;
}

real largest(const real* g, int64_t count) {
  real most = 0;
  for (int64_t i = 0; i < count; ++i) most = std::abs(g[i]) > most ? std::abs(g[i]) : most;
  return most;
}

/// What makes the gradient of D, image by image.
template <typename T>
class ImageGradient {
 public:
  ImageGradient(const T* d, const Shape& shape, const norm::Affine& affine,
                const norm::Activation& h, const training::Coefficients& map, const real* dout)
      : d_(d), shape_(shape), affine_(affine), h_(h), map_(map), dout_(dout) {}

  /// Without a pool, or with 2x2 windows after the normalisation. g is of the whole image n;
  /// returns the largest |g|.
  real direct(int64_t n, bool windows, real* g) const {
    const Lines lines(shape_, windows);
    const int64_t image = n * shape_.stride0();
    real most = 0;
    const auto pass = [&](const Stretch& s, const real* dout) {
      const real size =
          passes_.gradient(run_of(d_, lines, s), affine_, h_, map_, dout, g + s.input - image);
      most = size > most ? size : most;
    };
    lines.for_stretches(n * lines.per_image(), (n + 1) * lines.per_image(),
                        [&](const Stretch& s) { pass(s, dout_ + s.output); });
    lines.for_rest(n, [&](const Stretch& s) { pass(s, nullptr); });
    return most;
  }

  /// 2x2 windows before the normalisation; p is D after the pool.
  real unpooled(int64_t n, const T* p, real* g) const {
    const Lines lines(shape_, true);
    const int64_t image = n * shape_.stride0();
    std::vector<real> row(static_cast<size_t>(lines.line_pixels() * lines.channels()));
    real most = 0;
    lines.for_stretches(n * lines.per_image(), (n + 1) * lines.per_image(), [&](const Stretch& s) {
      const norm::Run<T> pooled{p + s.output, 0, s.pixels, lines.channels()};
      const real size = passes_.gradient(pooled, affine_, h_, map_, dout_ + s.output, row.data());
      most = size > most ? size : most;
      passes_.unpool(run_of(d_, lines, s), row.data(), g + s.input - image);
    });
    lines.for_rest(n, [&](const Stretch& s) {
      std::fill_n(g + s.input - image, s.pixels * lines.channels(), real{0});
    });
    return most;
  }

  /// Any windows, before or after the normalisation. Only what flows through the outputs is
  /// scattered: before it, all of g; after it, A dy.
  real scattered(int64_t n, const T* p, const Shape& pooled, const PoolOptions& options,
                 bool pool_first, real* g) const {
    const int64_t channels = shape_.back(), from = n * pooled.stride0();
    const T* image = d_ + n * shape_.stride0();
    const std::vector<real> zeros(static_cast<size_t>(channels));
    std::vector<real> pulled(static_cast<size_t>(pooled.stride0()));
    const norm::Run<T> outputs{p + from, 0, pooled.stride0() / channels, channels};
    if (pool_first) {
      passes_.gradient(outputs, affine_, h_, map_, dout_ + from, pulled.data());
      std::fill_n(g, shape_.stride0(), real{0});
    } else {
      const training::Coefficients gated{map_.a, zeros.data(), zeros.data()};
      passes_.gradient(outputs, affine_, h_, gated, dout_ + from, pulled.data());
      const norm::Run<T> inputs{image, 0, shape_.stride0() / channels, channels};
      passes_.gradient(inputs, affine_, h_, map_, nullptr, g);
    }
    const WindowPool pool(shape_, pooled, options, pool_first ? nullptr : affine_.scale);
    pool.backward(image, pulled.data(), g);
    return largest(g, shape_.stride0());
  }

 private:
  const T* d_;
  Shape shape_;
  norm::Affine affine_;
  norm::Activation h_;
  training::Coefficients map_;
  const real* dout_;
  const training::Passes<T>& passes_ = training::passes<T>(active_kernels());
};

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

void check_gradient(const Tensor& dout, const std::optional<GradientBits>& codes,
                    const Shape& output) {
  if (dout.shape() != output) {
    throw ShapeError("[norm_quantize] expects a gradient of shape " + to_string(output) + ", got " +
                     to_string(dout.shape()));
  }
  if (codes && (codes->bits < 1 || codes->bits > 8)) {
    throw ConfigError("[norm_quantize] expects 1 to 8 gradient bits, got " +
                      std::to_string(codes->bits));
  }
}

}  // namespace

/// g = A dy + (B D + C), per channel.
struct NormQuantize::InputMap {
  Tensor a, b, c;
};

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
NormQuantize::InputMap NormQuantize::find_map(const std::vector<double>& sums,
                                              Gradients& found) const {
  const Tensor centre = centres();
  const auto channels = static_cast<size_t>(centre.size());
  const Shape& normalised = options_.pool_first ? output_ : shape_of(d_);
  const auto pixels = static_cast<double>(normalised.size()) / static_cast<double>(channels);
  const double share = training_ ? 1 / pixels : 0;
  InputMap map{Tensor::zeros(gamma_.shape()), Tensor::zeros(gamma_.shape()),
               Tensor::zeros(gamma_.shape())};
  found.gamma = Tensor::uninitialized(gamma_.shape());
  found.beta = Tensor::uninitialized(gamma_.shape());
  for (int64_t c = 0; c < centre.size(); ++c) {
    const auto i = static_cast<size_t>(c);
    const double a = a_[c], inverse = inverse_deviation_[i], slope = gamma_[c] * inverse;
    const double sum = sums[i];
    // Sum of dy (x - mean), x = a D.
    const double product = a * sums[i + channels] + (a * centre[c] - mean_[i]) * sum;
    const double pull = -slope * inverse * inverse * product * share;
    found.beta[c] = static_cast<real>(sum);
    found.gamma[c] = static_cast<real>(product * inverse);
    map.a[c] = static_cast<real>(slope);
    map.b[c] = static_cast<real>(pull * a);
    map.c[c] = static_cast<real>(-slope * sum * share - pull * mean_[i]);
  }
  return map;
}

/// Where floats of the gradient of D go: into memory that is done with, where it has the place.
Tensor NormQuantize::room_for_gradient(Tensor& dout) {
  if (!options_.pool) return std::move(dout);
  const bool reals = std::holds_alternative<Tensor>(d_);
  if (reals && is_plain(*options_.pool)) return std::move(std::get<Tensor>(d_));
  return Tensor::uninitialized(shape_of(d_));
}

NormQuantize::Gradients NormQuantize::backward(Tensor dout,
                                               const std::optional<GradientBits>& codes) && {
  check_gradient(dout, codes, output_);
  const Shape shape = shape_of(d_);
  const norm::Affine affine{scale_.data(), shift_.data()};
  const norm::Activation h = activation_of(options_.activation);
  const bool windows = options_.pool && !has_pooled_;
  const bool plain = options_.pool && is_plain(*options_.pool);

  Gradients result;
  const Data& counted = has_pooled_ ? pooled_ : d_;
  const std::vector<double> sums =
      visit_numbers(counted, [&](const auto* d, const Shape& counted_shape) {
        return gradient_sums(d, Lines(counted_shape, windows), affine, h, centres(), dout);
      });
  const InputMap map = find_map(sums, result);
  visit_numbers(d_, [&](const auto* d, const Shape&) {
    using T = std::remove_const_t<std::remove_pointer_t<decltype(d)>>;
    const ImageGradient<T> of(d, shape, affine, h, {map.a.data(), map.b.data(), map.c.data()},
                              dout.data());
    const T* p = has_pooled_ ? numbers<T>(pooled_) : nullptr;
    const auto image = [&](int64_t n, real* g) {
      if (!has_pooled_) return of.direct(n, windows, g);
      if (plain) return of.unpooled(n, p, g);
      return of.scattered(n, p, output_, *options_.pool, options_.pool_first, g);
    };
    if (codes) {
      result.x = encode_images(shape, *codes, image);
    } else {
      Tensor g = room_for_gradient(dout);
      for_images(shape, [&](int64_t n) { image(n, g.data() + n * shape.stride0()); });
      result.x = std::move(g);
    }
  });
  return result;
}

}  // namespace fracbit::ops
