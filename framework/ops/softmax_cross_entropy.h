#pragma once

#include <cstdint>
#include <span>

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// Mean over the samples of -sum over c of t_c log softmax(logits)_c, where the target t is
/// smoothing / C everywhere and 1 - smoothing more at the label.
///
/// Shapes   logits [N, C], labels N -> [1]
/// Range    labels 0..C - 1, smoothing 0..1
/// Throws   ShapeError if logits are not [N, C] with a label per sample, or a label is not one of
///          the C classes; ConfigError if smoothing is out of range
/// Paper    label smoothing: Szegedy et al. 2016, sec. 7
Variable softmax_cross_entropy(const Variable& logits, std::span<const int32_t> labels,
                               double smoothing = 0);

}  // namespace fracbit::ops
