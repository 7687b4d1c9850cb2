#include "fracbit/apps/pass_rows.h"

#include <chrono>
#include <functional>
#include <vector>

#include "fracbit/framework/kernels/norm/training/training.h"
#include "fracbit/framework/random.h"

namespace fracbit::apps {
namespace {

namespace norm = kernels::norm;
namespace training = kernels::norm::training;

constexpr int64_t kExtent = 32;
constexpr int64_t kChannels = 64;
constexpr int64_t kRow = kExtent * kChannels;
constexpr int64_t kNumbers = kExtent * kRow;
constexpr int64_t kMost = 200;  // |D|

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
      : kernels_(norm::find(isa.c_str())), training_(training::find(isa.c_str())) {}

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
  void codes() {
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

 private:
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
  norm::Affine affine_{scale_.data(), shift_.data()};
  norm::Activation clip_{false, 0, 1, 0, 1};
};

/// Nanoseconds per number of `body`.
double measure(double min_seconds, const std::function<void()>& body) {
  using Clock = std::chrono::steady_clock;
  body();
  int64_t rounds = 0;
  const auto start = Clock::now();
  std::chrono::duration<double> taken{};
  do {
    body();
    ++rounds;
    taken = Clock::now() - start;
  } while (taken.count() < min_seconds);
  return taken.count() * 1e9 / static_cast<double>(rounds * kNumbers);
}

}  // namespace

std::vector<PassRow> pass_rows(Isa isa, double min_seconds) {
  const std::string name(isa_name(isa));
  Image image(name);
  const std::pair<const char*, std::function<void()>> passes[] = {
      {"sums, sums of squares", [&] { image.sums(); }},
      {"2-bit codes", [&] { image.bits(false); }},
      {"2-bit codes of 2x2 pools", [&] { image.bits(true); }},
      {"gradient sums", [&] { image.gradient_sums(false); }},
      {"gradient sums of 2x2 pools", [&] { image.gradient_sums(true); }},
      {"gradient", [&] { image.gradient(false); }},
      {"gradient of 2x2 pools", [&] { image.gradient(true); }},
      {"gradient codes", [&] { image.codes(); }},
      {"moments of floats", [&] { image.moments(); }},
      {"values of floats", [&] { image.values(false); }},
      {"values of 2x2 pools of floats", [&] { image.values(true); }},
  };
  std::vector<PassRow> rows;
  for (const auto& [pass, run] : passes) rows.push_back({pass, name, measure(min_seconds, run)});
  return rows;
}

}  // namespace fracbit::apps
