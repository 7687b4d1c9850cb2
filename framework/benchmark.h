#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fracbit {

/// One product of one instruction set, ready to be timed: an [m, k] by [k, n] product, of which a
/// convolution is one with m output pixels, n filters and k products per output.
struct KernelBenchmark {
  std::string name;  ///< "bits conv 3x3 64->64 32x32"
  std::string isa;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  double weight_bits = 0;  ///< average bits per value
  double act_bits = 0;
  /// Runs the product once, on as many threads as parallel_for uses.
  std::function<void()> run;

  double macs() const {
    return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }
};

/// Convolutions and dense products of some layers on random data: of floats (32 bits) on the
/// instruction set in use, of packed bits and of gradient codes of 6 bits on every one this machine
/// has, best first.
std::vector<KernelBenchmark> kernel_benchmarks();

}  // namespace fracbit
