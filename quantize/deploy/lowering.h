#pragma once

#include "fracbit/framework/shape.h"
#include "fracbit/framework/tensor.h"
#include "fracbit/quantize/deploy/float_weights.h"
#include "fracbit/quantize/deploy/model.h"
#include "fracbit/quantize/deploy/stored.h"

namespace fracbit::deploy {

/// Takes a network apart into ops: each layer adds its own deployed form (Module::lower).
class Lowering {
 public:
  /// Images [1, H, W, C] or rows [1, K]. With `untrained`, constants that training has not found
  /// yet may have any value: for the size of the file. Throws ShapeError for another rank,
  /// ConfigError for extents out of range.
  explicit Lowering(const Shape& input, bool untrained = false,
                    FloatWeights float_weights = FloatWeights::float32);

  /// What the ops so far make of an image.
  const Value& value() const { return tracer_.value(); }
  /// The shape that a layer would see: [1, H, W, C], or [1, K] once pixels were laid side by side.
  Shape shape() const;

  /// Lays the pixels of an image side by side: further layers have to be dense.
  void flatten() { flat_ = true; }

  /// Weights [F, KH, KW, C / groups], or [F, K] of a dense layer.
  Weights weights(const Tensor& values) const;
  /// The same quantized. `a` becomes the real value of one in the sums of integers, [1] or [F]; it
  /// is 1 where sums are real.
  Weights weights(const StoredWeights& stored, Tensor& a);

  /// Adds an op. Throws ConfigError as trace().
  void add(const Op& op);
  /// Adds a block with that output.
  void add(Block block, const StoredOutput& output);
  /// Quantizes or activates floats: by the block before, if that leaves them as they are.
  void quantize(const StoredOutput& output);

  /// The op list, with thresholds in place of normalisations where they take no more space. Throws
  /// ConfigError if there are no ops.
  Model finish() &&;

 private:
  void require_trained(const StoredOutput& output) const;
  /// Extents of weights of that shape, [F, K] as a kernel of the size of the image.
  Weights extents(const Shape& shape) const;
  /// The last output, if a block or quantizer made it.
  Output* last_output();
  /// Replaces the output of the last op.
  void change_last(const Output& output);
  void signs_to_grid();

  Model model_;
  Tracer tracer_;
  Tracer before_last_;
  real scale_ = 1;
  bool untrained_;
  FloatWeights float_weights_;
  bool flat_;
};

}  // namespace fracbit::deploy
