#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/benchmark.h"
#include "fracbit/framework/kernels/bitpack/bitpack.h"
#include "fracbit/framework/kernels/depthwise/depthwise.h"
#include "fracbit/framework/kernels/norm/training/training.h"
#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/random.h"

namespace fracbit {
namespace {

namespace norm = kernels::norm;
namespace training = kernels::norm::training;

constexpr int64_t kExtent = 32;
constexpr int64_t kChannels = 64;
constexpr int64_t kRow = kExtent * kChannels;
constexpr int64_t kNumbers = kExtent * kRow;
constexpr int64_t kMost = 200;  // |D|
constexpr int64_t kTaps = 3;    // of a depthwise product, in each direction

template <typename T>
std::vector<T> filled(int64_t size, const std::function<double(int64_t)>& number) {
  std::vector<T> made(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) made[static_cast<size_t>(i)] = static_cast<T>(number(i));
  return made;
}

/// An image of D, as integers and as floats, and what its passes read and write.
class Image {
 public:
  explicit Image(const std::string& isa)
      : kernels_(norm::find(isa.c_str())),
        training_(training::find(isa.c_str())),
        packing_(kernels::bitpack::find(isa.c_str())),
        depthwise_(kernels::depthwise::find(isa.c_str())) {}

  void sums() {
    training_.int16.sums(d_.data(), kExtent * kExtent, kChannels, kMost, counts_.data(),
                         counts_.data() + kChannels, counts_.data() + 2 * kChannels);
  }
  void bits(bool pool) {
    const norm::Steps<int16_t> steps{steps_.data(), nullptr, scale_.data(), kChannels, 3, 2};
    for_runs(pool, d_.data(), [&](const norm::Run<int16_t>& run, int64_t output, int64_t) {
      kernels_.int16.bits(run, steps, words_.data() + output / 32);
    });
  }
  void gradient_sums(bool pool) {
    for_runs(pool, d_.data(), [&](const norm::Run<int16_t>& run, int64_t output, int64_t) {
      training_.int16.gradient_sums(run, affine_, clip_, centre_.data(), dout_.data() + output,
                                    moments_.data(), moments_.data() + kChannels);
    });
  }
  void gradient(bool pool) {
    const training::Coefficients map{centre_.data(), scale_.data(), shift_.data()};
    for_runs(pool, d_.data(), [&](const norm::Run<int16_t>& run, int64_t output, int64_t input) {
      training_.int16.gradient(run, affine_, clip_, map, dout_.data() + output, g_.data() + input);
    });
  }
  void gradient_codes() {
    constexpr int64_t kBlocks = 256;
    real sigma[4 * kBlocks];
    for (int64_t i = 0; i < kNumbers; i += 4 * kBlocks) {
      training_.noise({{static_cast<uint32_t>(i / 4), 1, 2, 3}, {4, 5}}, kBlocks, sigma);
      training_.gradient_codes8(dout_.data() + i, sigma, 4 * kBlocks, {1, 30}, 63,
                                codes_.data() + i);
    }
  }
  void moments() {
    training_.moments(floats_.data(), kExtent * kExtent, kChannels, moments_.data(),
                      moments_.data() + kChannels);
  }
  void values(bool pool) {
    for_runs(pool, floats_.data(), [&](const norm::Run<real>& run, int64_t output, int64_t) {
      kernels_.reals.values(run, affine_, clip_, g_.data() + output);
    });
  }

  /// Of the windows that lie in the image; g_ is the result or its gradient.
  void depthwise(bool outer) {
    for (int64_t i = 0; i + kTaps <= kExtent; ++i) {
      const kernels::depthwise::Run run{.pixels = kExtent - kTaps + 1,
                                        .channels = kChannels,
                                        .tap_rows = kTaps,
                                        .tap_columns = kTaps,
                                        .x = floats_.data() + i * kRow,
                                        .x_row = kRow,
                                        .x_pixel = kChannels,
                                        .w_row = kTaps * kChannels,
                                        .y_pixel = kChannels};
      if (outer) {
        depthwise_.outer(run, dout_.data() + i * kRow, taps_.data());
      } else {
        depthwise_.product(run, taps_.data(), shift_.data(), g_.data() + i * kRow);
      }
    }
  }

  void compare() {
    for_rows([&](int64_t i) {
      packing_.compare(floats_.data() + i, kChannels, real{0}, words_.data() + i / 64);
    });
  }
  void pack_codes() {
    for_rows([&](int64_t i) {
      packing_.codes(codes_16_.data() + i, kChannels, 2, words_.data() + i / 32);
    });
  }
  void levels() {
    for_rows([&](int64_t i) {
      packing_.levels(words_.data() + i / 32, kChannels, 2, 2, -3, g_.data() + i);
    });
  }

 private:
  /// Calls f(first number) for all pixels.
  template <typename F>
  static void for_rows(const F& f) {
    for (int64_t i = 0; i < kNumbers; i += kChannels) f(i);
  }
  /// Calls f(run, first output, first input) for all rows.
  template <typename T, typename F>
  static void for_runs(bool pool, const T* d, const F& f) {
    for (int64_t i = 0; i < kExtent; i += pool ? 2 : 1) {
      const norm::Run<T> run{d + i * kRow, pool ? kRow : 0, pool ? kExtent / 2 : kExtent,
                             kChannels};
      f(run, pool ? i * kRow / 4 : i * kRow, i * kRow);
    }
  }

  const norm::Kernels& kernels_;
  const training::Kernels& training_;
  const kernels::bitpack::Kernels& packing_;
  const kernels::depthwise::Kernels& depthwise_;
  Random random_{1, 0, 0, Purpose::synthetic_data};
  std::vector<int16_t> d_ = filled<int16_t>(kNumbers, [&](int64_t i) {
    return static_cast<double>(random_.below(i, 2 * kMost + 1) - kMost);
  });
  std::vector<real> floats_ =
      filled<real>(kNumbers, [&](int64_t i) { return random_.uniform(i) - 0.5; });
  std::vector<real> dout_ = floats_;
  std::vector<real> g_ = floats_;
  std::vector<real> scale_ =
      filled<real>(kChannels, [](int64_t c) { return c % 3 == 0 ? -0.01 : 0.01; });
  std::vector<real> shift_ = std::vector<real>(kChannels, real{0.5});
  std::vector<real> centre_ = std::vector<real>(kChannels, real{1});
  std::vector<int16_t> steps_ = filled<int16_t>(
      3 * kChannels, [](int64_t i) { return static_cast<double>(i / 64 * 50 - 50); });
  std::vector<int64_t> counts_ = std::vector<int64_t>(3 * kChannels);
  std::vector<double> moments_ = std::vector<double>(2 * kChannels);
  std::vector<uint64_t> words_ = std::vector<uint64_t>(kNumbers / 32);
  std::vector<uint8_t> codes_ = std::vector<uint8_t>(kNumbers);
  std::vector<uint16_t> codes_16_ =
      filled<uint16_t>(kNumbers, [](int64_t i) { return static_cast<double>(i % 4); });
  std::vector<real> taps_ = std::vector<real>(kTaps * kTaps * kChannels);
  norm::Affine affine_{scale_.data(), shift_.data()};
  norm::Activation clip_{false, 0, 1, 0, 1};
};

/// Bytes that a pass reads and writes for each number that it reads of D or its gradient.
struct Pass {
  const char* name;
  double read, written;
  void (*run)(Image& image);
};

constexpr Pass kPasses[] = {
    {"sums, sums of squares", 2, 0, [](Image& i) { i.sums(); }},
    {"2-bit codes", 2, 0.25, [](Image& i) { i.bits(false); }},
    {"2-bit codes of 2x2 pools", 2, 0.0625, [](Image& i) { i.bits(true); }},
    {"gradient sums", 6, 0, [](Image& i) { i.gradient_sums(false); }},
    {"gradient sums of 2x2 pools", 3, 0, [](Image& i) { i.gradient_sums(true); }},
    {"gradient", 6, 4, [](Image& i) { i.gradient(false); }},
    {"gradient of 2x2 pools", 3, 4, [](Image& i) { i.gradient(true); }},
    {"gradient codes", 4, 1, [](Image& i) { i.gradient_codes(); }},
    {"moments of floats", 8, 0, [](Image& i) { i.moments(); }},
    {"values of floats", 4, 4, [](Image& i) { i.values(false); }},
    {"values of 2x2 pools of floats", 4, 1, [](Image& i) { i.values(true); }},
    {"depthwise 3x3", 4, 4, [](Image& i) { i.depthwise(false); }},
    {"depthwise 3x3 weight gradient", 8, 0, [](Image& i) { i.depthwise(true); }},
    {"signs of floats", 4, 0.125, [](Image& i) { i.compare(); }},
    {"planes of 2-bit codes", 2, 0.25, [](Image& i) { i.pack_codes(); }},
    {"floats of 2-bit planes", 0.25, 4, [](Image& i) { i.levels(); }},
};

KernelBenchmark pass_benchmark(const Pass& pass, std::string_view isa,
                               const std::shared_ptr<std::unique_ptr<Image>>& image) {
  KernelBenchmark benchmark;
  benchmark.name = pass.name;
  benchmark.isa = isa;
  benchmark.m = kExtent * kExtent;
  benchmark.n = kChannels;
  // What writes little is bound by reading.
  benchmark.limit = pass.written < pass.read / 4 ? Limit::read : Limit::copy;
  benchmark.work = (pass.read + pass.written) * static_cast<double>(kNumbers);
  benchmark.run = [image, name = benchmark.isa, run = pass.run] {
    if (*image == nullptr) *image = std::make_unique<Image>(name);
    run(**image);
  };
  return benchmark;
}

/// The float tile on one block of its rows and columns.
KernelBenchmark tile_benchmark(Isa isa) {
  constexpr int64_t kTaps = 9, kLength = 64, kCalls = 100;
  struct Operands {
    std::vector<real> x, w, y, zero;
    std::vector<const real*> a, start;
    std::vector<real*> c;
  };
  const auto& tile = kernels::tile::find(isa_name(isa).data());
  KernelBenchmark benchmark;
  benchmark.name = "float tile";
  benchmark.isa = isa_name(isa);
  benchmark.m = kCalls * tile.rows;
  benchmark.n = tile.columns;
  benchmark.k = kTaps * kLength;
  benchmark.weight_bits = benchmark.act_bits = 32;
  benchmark.limit = Limit::fma;
  benchmark.work = benchmark.macs();
  benchmark.run = [&tile, o = std::make_shared<Operands>()] {
    if (o->x.empty()) {
      const auto size = [](int64_t n) { return static_cast<size_t>(n); };
      o->x.assign(size(tile.rows * kTaps * kLength), real{1});
      o->w.assign(size(kTaps * kLength * tile.columns), real{0.5});
      o->y.resize(size(tile.rows * tile.columns));
      o->zero.resize(size(tile.columns));
      for (int64_t i = 0; i < kTaps * tile.rows; ++i) o->a.push_back(o->x.data() + i * kLength);
      for (int64_t m = 0; m < tile.rows; ++m) o->c.push_back(o->y.data() + m * tile.columns);
      o->start.assign(size(tile.rows), o->zero.data());
    }
    for (int64_t i = 0; i < kCalls; ++i) {
      tile.product(o->a.data(), kTaps, kLength, o->w.data(), o->start.data(), o->c.data());
    }
  };
  return benchmark;
}

}  // namespace

std::vector<KernelBenchmark> pass_benchmarks() {
  std::vector<KernelBenchmark> all;
  for (const Isa isa : supported_isas()) {
    all.push_back(tile_benchmark(isa));
    const auto image = std::make_shared<std::unique_ptr<Image>>();
    for (const Pass& pass : kPasses) all.push_back(pass_benchmark(pass, isa_name(isa), image));
  }
  return all;
}

}  // namespace fracbit
