#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "fracbit/framework/kernels/norm/training/training.h"

// The passes of a block, one number at a time and as their contract says, for the kernels to equal.
namespace fracbit::testing::norm_reference {

using namespace fracbit::kernels::norm;
using training::Coefficients;

/// The inputs of output (p, c) in row-major order, and which of them is the first largest of D, or
/// of -D where it falls.
template <typename T>
struct Window {
  Window(const Run<T>& run, int64_t p, int64_t c, bool falls) {
    const bool pool = run.below != 0;
    const int64_t left = (pool ? 2 : 1) * p * run.channels + c, right = left + run.channels;
    places = {left, right, left + run.below, right + run.below};
    at = std::span<const int64_t>(places).first(pool ? 4 : 1);
    winner = left;
    for (const int64_t i : at) {
      if (falls ? run.d[i] < run.d[winner] : run.d[i] > run.d[winner]) winner = i;
    }
  }

  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  std::array<int64_t, 4> places;
  std::span<const int64_t> at;
  int64_t winner;
};

template <typename T>
real expression(const Run<T>& run, const Affine& affine, int64_t p, int64_t c) {
  const int64_t at = Window<T>(run, p, c, affine.scale[c] < 0).winner;
  return static_cast<real>(run.d[at]) * affine.scale[c] + affine.shift[c];
}

inline real activate(real y, const Activation& h) {
  const real r = h.two_sided ? std::abs(y) : y;
  return std::min(h.high, std::max(h.low, r));
}

inline real gate(real y, const Activation& h, real dout) {
  const real r = h.two_sided ? std::abs(y) : y;
  if (!(r >= h.from && r <= h.to)) return 0;
  return h.two_sided && y < 0 ? -dout : dout;
}

inline int32_t round(real v, int32_t top) {
  const double clamped = v > 0 ? std::min<double>(v, top) : 0;
  return static_cast<int32_t>(std::floor(clamped + 0.5));
}

/// Sums of term(p, c) over the pixels: sixteen at a time in real, fours as (t0 + t1) + (t2 + t3).
template <typename Term>
void add_in_runs(int64_t pixels, int64_t channels, double* sums, Term term) {
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t begin = 0; begin < pixels; begin += 16) {
      const int64_t end = std::min(pixels, begin + 16);
      real run = 0;
      int64_t p = begin;
      for (; p + 4 <= end; p += 4) {
        run += (term(p, c) + term(p + 1, c)) + (term(p + 2, c) + term(p + 3, c));
      }
      for (; p < end; ++p) run += term(p, c);
      sums[c] += static_cast<double>(run);
    }
  }
}

template <typename T>
void gradient_sums(const Run<T>& run, const Affine& affine, const Activation& h, const real* centre,
                   const real* dout, double* sum, double* product) {
  const auto dy = [&](int64_t p, int64_t c) {
    return gate(expression(run, affine, p, c), h, dout[p * run.channels + c]);
  };
  add_in_runs(run.pixels, run.channels, sum, dy);
  add_in_runs(run.pixels, run.channels, product, [&](int64_t p, int64_t c) {
    const int64_t at = Window<T>(run, p, c, affine.scale[c] < 0).winner;
    return dy(p, c) * (static_cast<real>(run.d[at]) - centre[c]);
  });
}

template <typename T>
real gradient(const Run<T>& run, const Affine& affine, const Activation& h, const Coefficients& k,
              const real* dout, real* g) {
  real most = 0;
  for (int64_t p = 0; p < run.pixels; ++p) {
    for (int64_t c = 0; c < run.channels; ++c) {
      const Window<T> window(run, p, c, affine.scale[c] < 0);
      const real incoming = dout == nullptr ? 0 : dout[p * run.channels + c];
      const real dy = gate(expression(run, affine, p, c), h, incoming);
      for (const int64_t i : window.at) {
        const real pulled = dout != nullptr && i == window.winner ? k.a[c] * dy : 0;
        g[i] = pulled + (k.b[c] * static_cast<real>(run.d[i]) + k.c[c]);
        most = std::max(most, std::abs(g[i]));
      }
    }
  }
  return most;
}

/// Code of output (p, c) by its steps.
template <typename T>
int32_t code(const Run<T>& run, const Steps<T>& steps, int64_t p, int64_t c) {
  const bool falls = steps.scale[c] < 0;
  const T d = run.d[Window<T>(run, p, c, falls).winner];
  const T turned = falls ? static_cast<T>(-d) : d;
  int32_t reached = 0;
  for (int64_t j = 0; j < steps.top; ++j) {
    const int64_t at = j * steps.stride + c;
    reached += turned > steps.above[at] || (steps.below != nullptr && turned < steps.below[at]);
  }
  return reached;
}

}  // namespace fracbit::testing::norm_reference
