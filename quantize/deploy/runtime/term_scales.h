#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/quantize/deploy/runtime/product.h"

namespace fracbit::kernels::bitgemm {
struct Kernels;
}

namespace fracbit::deploy::runtime {

/// The kernels of an instruction set, or the portable ones.
const kernels::bitgemm::Kernels& bit_kernels(std::string_view isa);

/// y = sum over n of w_scale[n] (sum over m of x_scale[m] D[n][m]), for blocks of filters.
class TermScales {
 public:
  /// The weights have one scale, or one per filter, for each of `w_terms` terms, or none for 1.
  TermScales(const Weights& weights, const Value& x, int w_terms, int x_terms);

  /// Products D[n][m].
  int64_t products() const { return w_terms_ * x_terms_; }
  /// Scales of the weights of `count` filters from `filter` on: [w_terms][kBlock].
  void weights(int64_t filter, int64_t count, float* scales) const;
  const float* inputs() const { return x_scales_.data(); }
  /// Writes `count` filters from `filter` on of each pixel; sums [products][pixels][kBlock], and y
  /// [pixels][filters].
  void combine(const kernels::bitgemm::Kernels& kernels, const int32_t* sums, int64_t pixels,
               int64_t filter, int64_t count, float* y) const;

 private:
  int w_terms_, x_terms_;
  std::vector<float> x_scales_;
  std::vector<float> w_scales_;  ///< [1 or filters][w_terms]
  int64_t filters_;
};

}  // namespace fracbit::deploy::runtime
