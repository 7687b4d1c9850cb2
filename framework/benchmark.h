#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fracbit/framework/cpu.h"

namespace fracbit {

/// What this machine can do at most: multiply-accumulates, or bytes.
enum class Limit {
  fma,    ///< of floats
  bits,   ///< of signs in 64-bit words: xor, popcount, add
  bytes,  ///< of bytes, dot products of four
  table,  ///< byte permute and dot product, or sum of neighbours
  read,   ///< of the second-level cache
  copy,   ///< of the second-level cache; bytes read and bytes written
  memory_read,
  memory_copy,
};
inline constexpr int kLimits = 8;

/// "fma", "memory read"
std::string_view limit_name(Limit limit);

/// Limits of one instruction set on one thread, measured now: billions a second; 0 where it has
/// none.
struct MachineLimits {
  std::string isa;
  std::array<double, kLimits> giga{};

  double of(Limit limit) const { return giga[static_cast<size_t>(limit)]; }
};

/// Each measured for about min_seconds.
MachineLimits machine_limits(Isa isa, double min_seconds);

/// Billions a second of what `body` does: `work` a call, repeated for at least min_seconds.
double measure_rate(double work, double min_seconds, const std::function<void()>& body);

/// One kernel of one instruction set, ready to be timed. A product is [m, k] by [k, n], of which a
/// convolution is one with m output pixels, n filters and k products per output; a pass of a block
/// reads m pixels of n channels.
struct KernelBenchmark {
  std::string name;  ///< "bits conv 3x3 64->64 32x32"
  std::string isa;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;           ///< 0: a pass
  double weight_bits = 0;  ///< average bits per value
  double act_bits = 0;
  Limit limit = Limit::fma;
  double work = 0;  ///< of that limit in one run
  /// Runs it once, on as many threads as parallel_for uses.
  std::function<void()> run;

  double macs() const {
    return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }
};

/// All of the below.
std::vector<KernelBenchmark> kernel_benchmarks();
/// Convolutions and dense products of some layers on random data: of floats (32 bits) and of
/// integer levels on the instruction set in use, of packed bits and of gradient codes of 6 bits on
/// every one this machine has, best first.
std::vector<KernelBenchmark> product_benchmarks();
/// The passes of a block between two products, and packing, on an image of 32x32 pixels and 64
/// channels in the second-level cache; the float tile.
std::vector<KernelBenchmark> pass_benchmarks();

}  // namespace fracbit
