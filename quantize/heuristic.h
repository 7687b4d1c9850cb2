#pragma once

#include <string_view>

#include "fracbit/framework/random.h"
#include "fracbit/framework/tensor.h"
#include "fracbit/quantize/selection.h"

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
  /// The real that a sort key of this heuristic stands for.
  real real_of(SortKey key) const;
};

/// Sort keys of values under a heuristic that looks at them. Values are those of `x`, from its
/// element 0.
class ValueKeys : public SortKeys {
 public:
  ValueKeys(const real* x, ValueKey key) : x_(x), key_(key) {}
  void fill(int64_t first, int64_t count, SortKey* keys) const override;

 private:
  const real* x_;
  ValueKey key_;
};

/// A random permutation: elements sorted by a random number each.
class RandomKeys : public SortKeys {
 public:
  explicit RandomKeys(const Random& random) : random_(random) {}
  void fill(int64_t first, int64_t count, SortKey* keys) const override;

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
