#include <cmath>
#include <string>
#include <utility>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/norm/norm.h"
#include "fracbit/framework/ops/gradient_codes.h"
#include "fracbit/framework/ops/norm_quantize.h"
#include "fracbit/framework/ops/norm_quantize/check.h"
#include "fracbit/framework/ops/norm_quantize/lines.h"
#include "fracbit/framework/ops/norm_quantize/window_pool.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

namespace norm = kernels::norm;

constexpr int64_t kTaskNumbers = 1 << 14;

const norm::Kernels& active_kernels() {
  return norm::find(isa_name(active_isa()).data());
}

template <typename T>
norm::Run<T> run_of(const T* d, const Lines& lines, const Stretch& stretch) {
  return {d + stretch.input, stretch.below, stretch.pixels, lines.channels()};
}

/// g = A dy + (B D + C), per channel.
struct Map {
  explicit Map(const Shape& shape)
      : a(Tensor::zeros(shape)), b(Tensor::zeros(shape)), c(Tensor::zeros(shape)) {}
  norm::Coefficients coefficients() const { return {a.data(), b.data(), c.data()}; }

  Tensor a, b, c;
};

/// Sum of dy and of dy (D - centre), per channel, in blocks of lines that are added in a tree.
template <typename T>
std::vector<double> gradient_sums(const T* d, const Lines& lines, const norm::Affine& affine,
                                  norm::Activation h, const Tensor& centre, const Tensor& dout) {
  const int64_t channels = lines.channels(), width = 2 * channels;
  const int64_t grain = lines.grain(kTaskNumbers);
  const int64_t blocks = std::max<int64_t>(1, (lines.count() + grain - 1) / grain);
  std::vector<double> sums(static_cast<size_t>(blocks * width));
  const norm::Passes<T>& passes = norm::passes<T>(active_kernels());
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
  ImageGradient(const T* d, const Shape& shape, const norm::Affine& affine, norm::Activation h,
                const Map& map, const real* dout)
      : d_(d), shape_(shape), affine_(affine), h_(h), map_(map), dout_(dout) {}

  /// Without a pool, or with 2x2 windows after the normalisation. g is of the whole image n;
  /// returns the largest |g|.
  real direct(int64_t n, bool windows, real* g) const {
    const Lines lines(shape_, windows);
    const int64_t image = n * shape_.stride0();
    const norm::Coefficients k = map_.coefficients();
    real most = 0;
    const auto pass = [&](const Stretch& s, const real* dout) {
      const real size =
          passes_.gradient(run_of(d_, lines, s), affine_, h_, k, dout, g + s.input - image);
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
    const norm::Coefficients k = map_.coefficients();
    std::vector<real> row(static_cast<size_t>(lines.line_pixels() * lines.channels()));
    real most = 0;
    lines.for_stretches(n * lines.per_image(), (n + 1) * lines.per_image(), [&](const Stretch& s) {
      const norm::Run<T> pooled{p + s.output, 0, s.pixels, lines.channels()};
      const real size = passes_.gradient(pooled, affine_, h_, k, dout_ + s.output, row.data());
      most = size > most ? size : most;
      passes_.unpool(run_of(d_, lines, s), row.data(), g + s.input - image);
    });
    lines.for_rest(n, [&](const Stretch& s) {
      std::fill_n(g + s.input - image, s.pixels * lines.channels(), real{0});
    });
    return most;
  }

  /// Any windows, before or after the normalisation.
  real scattered(int64_t n, const T* p, const Shape& pooled, const PoolOptions& options,
                 bool pool_first, real* g) const {
    const int64_t channels = shape_.back();
    Map at_winners = map_;
    if (!pool_first) {
      at_winners.b.fill(0);
      at_winners.c.fill(0);
    }
    const int64_t from = n * pooled.stride0();
    std::vector<real> pulled(static_cast<size_t>(pooled.stride0()));
    passes_.gradient({p + from, 0, pooled.stride0() / channels, channels}, affine_, h_,
                     at_winners.coefficients(), dout_ + from, pulled.data());
    const T* image = d_ + n * shape_.stride0();
    if (pool_first) {
      std::fill_n(g, shape_.stride0(), real{0});
    } else {
      passes_.gradient({image, 0, shape_.stride0() / channels, channels}, affine_, h_,
                       map_.coefficients(), nullptr, g);
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
  const Map& map_;
  const real* dout_;
  const norm::Passes<T>& passes_ = norm::passes<T>(active_kernels());
};

/// Calls image(n, g) for all images, in tasks of some size.
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

NormQuantize::Gradients NormQuantize::backward(Tensor dout,
                                               const std::optional<GradientBits>& codes) && {
  if (dout.shape() != output_) {
    throw ShapeError("[norm_quantize] expects a gradient of shape " + to_string(output_) +
                     ", got " + to_string(dout.shape()));
  }
  if (codes && (codes->bits < 1 || codes->bits > 8)) {
    throw ConfigError("[norm_quantize] expects 1 to 8 gradient bits, got " +
                      std::to_string(codes->bits));
  }
  const Shape shape = shape_of(d_);
  const Shape channels = gamma_.shape();
  const norm::Affine affine{scale_.data(), shift_.data()};
  const auto h = static_cast<norm::Activation>(options_.activation);
  const bool windows = options_.pool && !has_pooled_;

  Tensor centre = Tensor::zeros(channels);
  for (int64_t c = 0; c < centre.size(); ++c) {
    const double middle = mean_[static_cast<size_t>(c)] / a_[c];
    if (std::isfinite(middle)) centre[c] = static_cast<real>(middle);
  }
  const Data& counted = has_pooled_ ? pooled_ : d_;
  const std::vector<double> sums =
      visit_numbers(counted, [&](const auto* d, const Shape& counted_shape) {
        return gradient_sums(d, Lines(counted_shape, windows), affine, h, centre, dout);
      });

  Gradients result{Tensor(), Tensor::uninitialized(channels), Tensor::uninitialized(channels)};
  Map map(channels);
  const Shape& normalised = options_.pool_first ? output_ : shape;
  const double share =
      training_ ? static_cast<double>(shape.back()) / static_cast<double>(normalised.size()) : 0;
  for (int64_t c = 0; c < centre.size(); ++c) {
    const auto i = static_cast<size_t>(c);
    const double a = a_[c], inverse = inverse_deviation_[i], slope = gamma_[c] * inverse;
    const double sum = sums[i];
    // Sum of dy (x - mean), x = a D.
    const double product =
        a * sums[i + static_cast<size_t>(centre.size())] + (a * centre[c] - mean_[i]) * sum;
    result.beta[c] = static_cast<real>(sum);
    result.gamma[c] = static_cast<real>(product * inverse);
    const double pull = -slope * inverse * inverse * product * share;
    map.a[c] = static_cast<real>(slope);
    map.b[c] = static_cast<real>(pull * a);
    map.c[c] = static_cast<real>(-slope * sum * share - pull * mean_[i]);
  }

  visit_numbers(d_, [&](const auto* d, const Shape&) {
    using T = std::remove_const_t<std::remove_pointer_t<decltype(d)>>;
    const ImageGradient<T> of(d, shape, affine, h, map, dout.data());
    const T* p = nullptr;
    if (has_pooled_) {
      if constexpr (std::is_same_v<T, real>) {
        p = std::get<Tensor>(pooled_).data();
      } else {
        p = std::get<IntTensor>(pooled_).template data<T>();
      }
    }
    const bool plain = options_.pool && is_plain(*options_.pool);
    const auto image = [&](int64_t n, real* g) {
      if (!has_pooled_) return of.direct(n, windows, g);
      if (plain) return of.unpooled(n, p, g);
      return of.scattered(n, p, output_, *options_.pool, options_.pool_first, g);
    };
    if (codes) {
      result.x = encode_images(shape, *codes, image);
      return;
    }
    Tensor g;
    if (!options_.pool) {
      g = std::move(dout);
    } else if (std::is_same_v<T, real> && plain) {
      g = std::move(std::get<Tensor>(d_));
    } else {
      g = Tensor::uninitialized(shape);
    }
    for_images(shape, [&](int64_t n) { image(n, g.data() + n * shape.stride0()); });
    result.x = std::move(g);
  });
  return result;
}

}  // namespace fracbit::ops
