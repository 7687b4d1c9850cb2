#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fracbit {

/// One product of one instruction set, ready to be timed: an [m, k] by [k, n] product, of which a
/// convolution is one with m output pixels, n filters and k products per output.
struct KernelBenchmark {
  std::string name;  ///< "conv 3x3 64->64 codes"
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

/// The products of packed operands on random data, for every instruction set of this machine, best
/// first.
std::vector<KernelBenchmark> bit_product_benchmarks();

}  // namespace fracbit
