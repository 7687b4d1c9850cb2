#pragma once

#include <vector>

#include "fracbit/framework/ops/norm_quantize.h"
#include "fracbit/framework/round.h"

namespace fracbit::testing {

/// One case of a block's glue, and everything it learns from single loops: batch norm of x = a D in
/// double, the float expression y = D s + t, pool by the sign-adjusted D, h, codes.
struct GlueReference {
  Shape shape;  ///< of d, [N, H, W, C]
  std::vector<double> d;
  std::vector<double> a;  ///< [C]
  Tensor gamma, beta, running_mean, running_var;
  ops::NormQuantizeOptions options;
  bool training = true;
  bool whole = false;  ///< d are small whole numbers

  /// After forward(): the output of the pool and the number of D that won, per output.
  Shape output;
  std::vector<int64_t> winner;
  std::vector<double> mean, inverse;
  std::vector<real> s, t;
  Tensor y;                    ///< D s + t at the outputs
  std::vector<double> values;  ///< h(y), or its codes

  void forward();

  struct Gradients {
    std::vector<double> x, gamma, beta;
  };
  Gradients backward(const Tensor& dout) const;

 private:
  void statistics(const std::vector<double>& counted);
  void pool(const std::vector<real>* scale);
  double activate(real y) const;
  double window(real y) const;
};

}  // namespace fracbit::testing
