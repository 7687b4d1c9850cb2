#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "fracbit/quantize/deploy/runtime/epilogue.h"
#include "fracbit/quantize/deploy/runtime/stages.h"

namespace fracbit::deploy::runtime {
namespace {

const float* floats(const std::byte* image) {
  return reinterpret_cast<const float*>(image);
}

/// A stage of floats that makes each image by itself: map(const float* image, float* result).
template <typename Map>
class ImageStage : public Stage {
 public:
  ImageStage(const Layout& in, const Layout& out, Map map) : Stage(in, out), map_(std::move(map)) {}

  std::string name() const override { return "float"; }
  int64_t scratch_bytes() const override { return 0; }
  void run(int64_t images, const std::byte* in, std::byte* out, const Executor& executor,
           MemoryPool&) const override {
    executor.run(images, [&](int64_t image) {
      map_(floats(in + image * this->in().bytes()),
           reinterpret_cast<float*>(out + image * this->out().bytes()));
    });
  }

 private:
  Map map_;
};

template <typename Map>
std::unique_ptr<const Stage> make_image_stage(const Layout& in, const Layout& out, Map map) {
  return std::make_unique<ImageStage<Map>>(in, out, std::move(map));
}

/// Calls visit(pixel) for the taps of a window inside the image, row by row.
template <typename Visit>
void visit_window(const Pool& pool, const Value& x, int64_t i, int64_t j, const Visit& visit) {
  const int64_t top = i * pool.stride - pool.padding_begin;
  const int64_t left = j * pool.stride - pool.padding_begin;
  for (int64_t u = std::max<int64_t>(0, top); u < std::min(x.height, top + pool.size); ++u) {
    for (int64_t v = std::max<int64_t>(0, left); v < std::min(x.width, left + pool.size); ++v) {
      visit(u * x.width + v);
    }
  }
}

float largest_of(const Pool& pool, const Value& x, int64_t i, int64_t j, const float* channel) {
  float most = -std::numeric_limits<float>::infinity();
  visit_window(pool, x, i, j, [&](int64_t pixel) {
    const float value = channel[pixel * x.channels];
    most = value > most ? value : most;
  });
  return most;
}

float mean_of(const Pool& pool, const Value& x, int64_t i, int64_t j, const float* channel) {
  double sum = 0;
  visit_window(pool, x, i, j,
               [&](int64_t pixel) { sum += static_cast<double>(channel[pixel * x.channels]); });
  return static_cast<float>(sum * (1 / static_cast<double>(pool.size * pool.size)));
}

/// The mean of a channel, in the order of ops::global_avg_pool: sixteen pixels at a time in float,
/// by fours, then in double.
float mean_of_channel(const float* x, int64_t pixels, int64_t channels) {
  constexpr int64_t kRun = 16;
  double sum = 0;
  for (int64_t begin = 0; begin < pixels; begin += kRun) {
    const int64_t end = std::min(pixels, begin + kRun);
    float part = 0;
    int64_t p = begin;
    for (; p + 4 <= end; p += 4) {
      const float* four = x + p * channels;
      part += (four[0] + four[channels]) + (four[2 * channels] + four[3 * channels]);
    }
    for (; p < end; ++p) part += x[p * channels];
    sum += static_cast<double>(part);
  }
  return static_cast<float>(sum / static_cast<double>(pixels));
}

/// The quantizer of an op by itself is that of a block whose product is the identity.
class QuantizeStage : public Stage {
 public:
  QuantizeStage(const Block& identity, const Layout& in, const Layout& out, std::string_view isa)
      : Stage(in, out), epilogue_(identity, in.value, SumType::real, out, isa) {}

  std::string name() const override { return "float"; }
  int64_t scratch_bytes() const override { return epilogue_.scratch_bytes(out().value.width); }
  void run(int64_t images, const std::byte* in, std::byte* out, const Executor& executor,
           MemoryPool& pool) const override {
    const Layout& to = this->out();
    executor.run(images, [&](int64_t image) {
      const MemoryPool::Loan scratch = pool.take(scratch_bytes());
      const Sums<float> sums{floats(in + image * this->in().bytes()),
                             to.value.width * to.value.channels};
      const Results results{to.value.height, to.value.width, out + image * to.bytes() + to.origin(),
                            to.row_bytes()};
      epilogue_.apply(sums, results, scratch.data());
    });
  }

 private:
  Epilogue epilogue_;
};

}  // namespace

std::unique_ptr<const Stage> make_pool_stage(const Pool& pool, const Layout& in,
                                             const Layout& out) {
  return make_image_stage(in, out,
                          [pool, x = in.value, y = out.value](const float* from, float* to) {
                            for (int64_t i = 0; i < y.height; ++i) {
                              for (int64_t j = 0; j < y.width; ++j) {
                                for (int64_t c = 0; c < y.channels; ++c) {
                                  *to++ = pool.average ? mean_of(pool, x, i, j, from + c)
                                                       : largest_of(pool, x, i, j, from + c);
                                }
                              }
                            }
                          });
}

std::unique_ptr<const Stage> make_mean_stage(const Layout& in, const Layout& out) {
  return make_image_stage(in, out, [x = in.value](const float* from, float* to) {
    for (int64_t c = 0; c < x.channels; ++c) {
      to[c] = mean_of_channel(from + c, x.height * x.width, x.channels);
    }
  });
}

std::unique_ptr<const Stage> make_scale_stage(const Scale& scale, const Layout& in,
                                              const Layout& out) {
  return make_image_stage(
      in, out, [factor = scale.factor, size = in.value.size()](const float* from, float* to) {
        for (int64_t i = 0; i < size; ++i) to[i] = factor * from[i];
      });
}

std::unique_ptr<const Stage> make_normalize_stage(const Normalize& normalize, const Layout& in,
                                                  const Layout& out) {
  return make_image_stage(in, out, [normalize, x = in.value](const float* from, float* to) {
    const auto channels = static_cast<size_t>(x.channels);
    for (int64_t p = 0; p < x.height * x.width; ++p, from += channels, to += channels) {
      for (size_t c = 0; c < channels; ++c) {
        to[c] = (from[c] - normalize.mean[c]) * normalize.slope[c] + normalize.offset[c];
      }
    }
  });
}

std::unique_ptr<const Stage> make_quantize_stage(const Quantize& quantize, const Layout& in,
                                                 const Layout& out, std::string_view isa) {
  Block identity;
  identity.weights.filters = in.value.channels;
  identity.output = quantize.output;
  return std::make_unique<QuantizeStage>(identity, in, out, isa);
}

std::unique_ptr<const Stage> make_stage(const Op& op, const Layout& in, const Layout& out,
                                        std::string_view isa) {
  switch (op.index()) {
    case 0:
      return make_block_stage(std::get<Block>(op), in, out, isa);
    case 1:
      return make_pool_stage(std::get<Pool>(op), in, out);
    case 2:
      return make_mean_stage(in, out);
    case 3:
      return make_scale_stage(std::get<Scale>(op), in, out);
    case 4:
      return make_normalize_stage(std::get<Normalize>(op), in, out);
    default:
      return make_quantize_stage(std::get<Quantize>(op), in, out, isa);
  }
}

}  // namespace fracbit::deploy::runtime
