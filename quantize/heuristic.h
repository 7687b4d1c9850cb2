#pragma once

#include <string_view>

#include "fracbit/framework/random.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::quantize {

/// Which elements get few bits first.
enum class Heuristic { middle_out, top_down, bottom_up, random };

/// "middle-out", "top-down", "bottom-up" or "random". Throws ConfigError otherwise.
Heuristic heuristic_named(std::string_view name);

/// The ascending key of a value: middle-out ||x| - mean|, top-down -|x|, bottom-up |x|, where mean
/// is that of |x|. Paper  Fromm et al. 2018, eq. 6 (with the outer absolute value, spec 3.4)
struct ValueKey {
  Heuristic heuristic;  ///< not random
  real mean;

  void fill(const real* x, int64_t count, real* keys) const;
  /// The key is ||x| - centre()|, or -|x| if negative().
  real centre() const { return heuristic == Heuristic::middle_out ? mean : 0; }
  bool negative() const { return heuristic == Heuristic::top_down; }
};

/// An unsigned integer of 31 random bits.
using SortKey = uint32_t;

/// A random permutation: elements sorted by a random number each.
class RandomKeys {
 public:
  explicit RandomKeys(const Random& random) : random_(random) {}
  /// Numbers of elements first .. first + count - 1.
  void fill(int64_t first, int64_t count, SortKey* keys) const;

 private:
  Random random_;
};

/// Where the random permutation of a tensor comes from: drawn from the seed once and kept for the
/// whole run, in inference too, so its key is part of a checkpoint.
class Permutation {
 public:
  /// The first call counts, also when it came before the checkpoint was written.
  void set(uint64_t seed, uint32_t stream);
  RandomKeys keys() const;
  /// Seed and stream in pieces of 16 bits, which a real holds exactly, and 1 if they are set.
  Tensor& key() { return key_; }
  const Tensor& key() const { return key_; }

 private:
  Tensor key_ = Tensor::zeros({7});
};

}  // namespace fracbit::quantize
