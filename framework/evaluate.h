#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "fracbit/framework/batch.h"
#include "fracbit/framework/module.h"

namespace fracbit {

/// How well a network does on a data set.
struct Evaluation {
  int64_t images = 0;
  double loss = 0;  ///< mean over the images
  double top1 = 0;  ///< percent
  double top5 = 0;  ///< percent
  double seconds = 0;
  double images_per_second = 0;
  bool complete = true;  ///< false if on_batch stopped it
};

struct EvaluateOptions {
  std::string loss = "cross-entropy";  ///< or "squared-hinge"
  /// After each batch: images done, and of how many. False stops.
  std::function<bool(int64_t images, int64_t of)> on_batch = {};
  /// Before that: the logits [N, C] and the labels of its images.
  std::function<void(const Tensor& logits, std::span<const int32_t> labels)> on_scores = {};
};

/// Runs one epoch of `source` through `module` in evaluation mode, without gradients, and puts the
/// module back into the mode it was in. Changes no parameter and no buffer. Throws ConfigError if
/// the loss is unknown; FileError from the source; ShapeError from the module.
Evaluation evaluate(Module& module, BatchSource& source, const EvaluateOptions& options = {});

}  // namespace fracbit
