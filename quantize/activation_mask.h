#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "fracbit/quantize/bit_shares.h"
#include "fracbit/quantize/heuristic.h"
#include "fracbit/quantize/quantizer.h"
#include "fracbit/quantize/widths.h"

namespace fracbit::quantize {

/// What decides the width of an activation's element: its value, by cut points of the key; or its
/// channel, the last axis.
enum class MaskMode { threshold, channel };

/// "threshold" or "channel". Throws ConfigError otherwise.
MaskMode mask_mode_named(std::string_view name);

/// Which elements of an activation have how many bits. In training fit() and then move() follow
/// each batch; recall() is for inference.
class ActivationMask {
 public:
  virtual ~ActivationMask() = default;

  /// From a batch whose mean |x| is `mean`; `first`: there was no batch of training before.
  virtual void fit(const Tensor& x, real mean, bool first) = 0;
  /// Moves the running state toward what fit() found.
  virtual void move(bool first) = 0;
  /// From the running state; `mean` is the running mean |x|.
  virtual void recall(const Tensor& x, real mean) = 0;
  /// The mask of the last fit() or recall(), to which it refers.
  virtual std::unique_ptr<Widths> widths() const = 0;

  /// As in Quantizer.
  virtual void prepare(const Shape&) {}
  virtual void set_random(uint64_t, uint32_t) {}
  virtual void set_epoch(int64_t, int64_t) {}
  virtual std::vector<Quantizer::State> state() = 0;
  /// What a deployed network has to know. Throws ConfigError if it can have no such mask.
  virtual void store(deploy::Output& output) const = 0;
};

/// For elements of up to `terms` bits, 2 or 3.
///
/// threshold  tau_k halfway between the keys that Algorithm 1 parts, a running mean of it in
///            inference; random: a permutation of the positions of a sample, the same for all
/// channel    Algorithm 1 on v_c, the running mean of |x| in channel c: v = 0.9 v + 0.1 v_batch,
///            and the first batch sets it. Made from the first batch, anew from v with the first
///            batch of each epoch until two thirds of the epochs are over, and kept from then on
std::unique_ptr<ActivationMask> make_activation_mask(MaskMode mode, const BitShares& shares,
                                                     Heuristic heuristic, int terms);

/// running = 0.9 running + 0.1 batch where both are finite; `first`: = batch.
void move_running(const Tensor& batch, bool first, Tensor& running);

}  // namespace fracbit::quantize
