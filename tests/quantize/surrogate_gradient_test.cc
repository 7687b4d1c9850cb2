// Gradients of the declared surrogates, by finite differences in double.

#include <cmath>
#include <functional>

#include "fracbit/framework/random.h"
#include "fracbit/quantize/quantize.h"
#include "support/catch.h"

namespace fracbit::tests {
namespace {

using quantize::Mode;
using quantize::Spec;

static_assert(sizeof(real) == 8);

/// What stands for the staircase on the way back, elementwise from all of x.
using Surrogate = std::function<double(const Tensor& x, int64_t i)>;

double clipped(double x, double lo, double hi) {
  return std::min(hi, std::max(lo, x));
}

/// 2 u - 1 of DoReFa-Net weights; the maximum moves with w, or stays what it was at `fixed`.
double squashed(const Tensor& w, int64_t i, const Tensor* fixed) {
  double m = 0;
  for (double v : (fixed != nullptr ? *fixed : w).span()) m = std::max(m, std::abs(std::tanh(v)));
  return std::tanh(w[i]) / m;
}

/// Distinct magnitudes, away from the kinks at 0 and 1.
Tensor sample() {
  Tensor x = Tensor::uninitialized({3, 4, 5});
  const Random random(14, 0, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < x.size(); ++i) {
    x[i] = 1.3 * random.normal(i);
    for (double kink : {-2.0, -1.0, 0.0, 1.0, 2.0}) {
      if (std::abs(x[i] - kink) < 1e-3) x[i] += 4e-3;
    }
  }
  return x;
}

void check_gradient(const Spec& wanted, bool weights, const Surrogate& surrogate) {
  const Spec spec = quantize::resolved(wanted);
  const quantize::Scheme& scheme = quantize::find(spec.scheme);
  const auto quantizer = weights ? scheme.weights(spec) : scheme.activations(spec);
  Tensor x = sample();
  Tensor dy = Tensor::uninitialized(x.shape());
  const Random random(15, 0, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < dy.size(); ++i) dy[i] = random.normal(i);
  quantizer->simulate(x, Mode::train);
  const Tensor dx = quantizer->backward(x, dy);
  const auto loss = [&] {
    double sum = 0;
    for (int64_t i = 0; i < x.size(); ++i) sum += dy[i] * surrogate(x, i);
    return sum;
  };
  const double h = 1e-6;
  for (int64_t i = 0; i < x.size(); ++i) {
    const double at = x[i];
    x[i] = at + h;
    const double above = loss();
    x[i] = at - h;
    const double below = loss();
    x[i] = at;
    INFO(spec.scheme << (weights ? " weights" : " activations") << ", element " << i);
    CHECK(dx[i] == Approx((above - below) / (2 * h)).margin(1e-7).epsilon(1e-6));
  }
}

TEST_CASE("DoReFa-Net: tanh over the maximum, clips") {
  const Tensor x = sample();
  for (double bits : {2.0, 4.0, 8.0}) {
    check_gradient({.scheme = "dorefa", .weight_bits = bits}, true,
                   [](const Tensor& w, int64_t i) { return squashed(w, i, nullptr); });
    check_gradient({.scheme = "dorefa", .weight_bits = bits, .max_gradient = "detached"}, true,
                   [&x](const Tensor& w, int64_t i) { return squashed(w, i, &x); });
  }
  for (double bits : {1.0, 2.0, 8.0}) {
    check_gradient({.scheme = "dorefa", .act_bits = bits}, false,
                   [](const Tensor& t, int64_t i) { return clipped(t[i], 0, 1); });
    check_gradient({.scheme = "dorefa", .act_bits = bits, .activation = "cabs"}, false,
                   [](const Tensor& t, int64_t i) { return std::min(1.0, std::abs(t[i])); });
  }
}

TEST_CASE("identity: 1-bit DoReFa-Net weights, bnn weights, bwn with identity") {
  const Surrogate identity = [](const Tensor& t, int64_t i) { return t[i]; };
  check_gradient({.scheme = "dorefa", .weight_bits = 1}, true, identity);
  check_gradient({.scheme = "bnn"}, true, identity);
  check_gradient({.scheme = "bwn", .bwn_gradient = "identity"}, true, identity);
  for (const char* scheme : {"residual", "hbnn"}) {
    check_gradient({.scheme = scheme, .ste_window = "none"}, true, identity);
    check_gradient({.scheme = scheme, .ste_window = "none"}, false, identity);
  }
}

TEST_CASE("hard tanh: bnn activations, residual and hbnn") {
  const Surrogate hard_tanh = [](const Tensor& t, int64_t i) { return clipped(t[i], -1, 1); };
  check_gradient({.scheme = "bnn"}, false, hard_tanh);
  for (const char* scheme : {"residual", "hbnn"}) {
    check_gradient({.scheme = scheme}, true, hard_tanh);
    check_gradient({.scheme = scheme}, false, hard_tanh);
    // Every element has two bits.
    check_gradient(
        {.scheme = scheme,
         .weight_bits = 2,
         .act_bits = 2,
         .bit_shares = scheme[0] == 'h' ? std::vector<double>{0, 1, 0} : std::vector<double>{},
         .ste_window = "bits"},
        true, [](const Tensor& t, int64_t i) { return clipped(t[i], -2, 2); });
  }
}

}  // namespace
}  // namespace fracbit::tests
