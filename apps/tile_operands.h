#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/tile/tile.h"

namespace fracbit::apps {

/// A block of rows and columns for the float tile: 9 taps of 64 numbers each, in the first cache.
class TileOperands {
 public:
  explicit TileOperands(Isa isa) : tile_(kernels::tile::find(isa_name(isa).data())) {
    const auto size = [](int64_t n) { return static_cast<size_t>(n); };
    x_.assign(size(tile_.rows * kTaps * kLength), real{1});
    w_.assign(size(kTaps * kLength * tile_.columns), real{0.5});
    y_.resize(size(tile_.rows * tile_.columns));
    zero_.resize(size(tile_.columns));
    for (int64_t i = 0; i < kTaps * tile_.rows; ++i) a_.push_back(x_.data() + i * kLength);
    for (int64_t m = 0; m < tile_.rows; ++m) c_.push_back(y_.data() + m * tile_.columns);
    start_.assign(size(tile_.rows), zero_.data());
  }

  int64_t m() const { return tile_.rows; }
  int64_t n() const { return tile_.columns; }
  static int64_t k() { return kTaps * kLength; }
  double macs() const { return static_cast<double>(m() * n() * k()); }
  void run() { tile_.product(a_.data(), kTaps, kLength, w_.data(), start_.data(), c_.data()); }

 private:
  static constexpr int64_t kTaps = 9;
  static constexpr int64_t kLength = 64;

  const kernels::tile::Kernels& tile_;
  std::vector<real> x_, w_, y_, zero_;
  std::vector<const real*> a_, start_;
  std::vector<real*> c_;
};

}  // namespace fracbit::apps
