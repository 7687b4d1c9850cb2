#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/norm_quantize.h"
#include "fracbit/framework/random.h"
#include "fracbit/framework/tensor.h"
#include "fracbit/quantize/deploy/stored.h"

namespace fracbit::quantize {

/// train: scales and masks from the tensor at hand, running statistics move on. infer: a pure
/// function of the input and of the stored state.
enum class Mode { train, infer };

/// Turns a float tensor into one with few levels, and sends gradients back through the declared
/// surrogate. Owns its settings and its state (running statistics, masks).
///
/// Faces of one arithmetic: simulate() is the float reference, encode() the packed form, and
/// decode(encode(x)) == simulate(x) exactly, for equal state. Where all levels are small integers,
/// encode_ints() is a third, with the levels and scales of simulate(). Each call in train mode
/// moves the state once.
class Quantizer {
 public:
  virtual ~Quantizer() = default;

  /// Levels and scales of x, in floats.
  virtual ScaledLevels simulate(const Tensor& x, Mode mode) = 0;
  /// Bitplanes and scales of x.
  virtual ScaledBits encode(const Tensor& x, Mode mode) = 0;
  /// The largest level if all are integers that encode_ints() can give: 1 for +-1, 127 or 511 on a
  /// level grid. 0: it cannot.
  virtual int grid() const { return 0; }
  /// Integer levels, int8 or int16 as grid() needs, and scales of x. Throws ConfigError where
  /// grid() is 0.
  virtual ScaledInts encode_ints(const Tensor& x, Mode mode);
  /// dx from the gradient dy of the quantized values: the derivative of the declared surrogate at
  /// x. Uses the scales of the last simulate() or encode(). A dy that is moved in lends its memory.
  virtual Tensor backward(const Tensor& x, Tensor dy) const = 0;

  /// The largest |x| whose gradient backward() passes, where that alone decides; infinite: all
  /// pass. A block then tells by its own sums, and keeps no floats for backward().
  virtual std::optional<real> window() const { return {}; }

  /// A fixed function of each element alone, as ops::NormQuantize offers it: codes of `bits` of h.
  struct Step {
    ops::BlockActivation activation;
    int bits;
  };
  /// The same map, scales and surrogate as this quantizer, if it is such a function. A block then
  /// makes the codes while it normalises.
  virtual std::optional<Step> step() const { return {}; }
  /// Whether the levels of simulate() are integers, so that sums of their products are exact.
  virtual bool whole_levels() const { return true; }

  /// Average bits per element, nominal.
  virtual double bits() const = 0;
  /// Average bits per element of the last simulate() or encode(), where it can differ from bits().
  virtual double measured_bits() const { return bits(); }
  /// Most distinct values an element can take (per group of scales).
  virtual int max_levels() const = 0;
  /// Bits stored per element, masks included.
  virtual double stored_bits() const { return bits(); }
  /// Real scales stored for weights with this many filters.
  virtual int64_t stored_scales(int64_t filters) const;

  /// Weights as a deployed network stores them, by default those of encode() in infer mode.
  virtual deploy::StoredWeights stored_weights(const Tensor& w);
  /// How a deployed network quantizes activations like this one in infer mode. Throws ConfigError
  /// where that depends on more than the element, by default always.
  virtual deploy::StoredOutput stored_output() const;

  /// Called once, before state(), with the shape of the weights this quantizer will see, or of
  /// activations, of which the last axis counts: gives state that depends on it its size.
  virtual void prepare(const Shape& shape);

  /// State that belongs in a checkpoint.
  struct State {
    std::string name;
    Tensor* value;
  };
  virtual std::vector<State> state() { return {}; }

  /// After each optimizer step: puts latent weights back into the range of the scheme.
  virtual void after_update(Tensor& latent) const;

  /// Where random numbers (stochastic rounding, random masks) come from; set before each training
  /// step.
  virtual void set_random(uint64_t seed, uint32_t stream, uint64_t step);
  /// The epoch of the next training steps, from 0, of how many in all.
  virtual void set_epoch(int64_t epoch, int64_t epochs);
};

}  // namespace fracbit::quantize
