#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fracbit/framework/variable.h"

namespace fracbit {

/// A loss by name.
struct LossSpec {
  std::string kind = "cross-entropy";  ///< or "squared-hinge"
  double smoothing = 0;                ///< of labels, 0..1, cross-entropy only
};

/// Names of all kinds.
std::span<const std::string_view> loss_kinds();

/// Throws ConfigError if the kind is unknown, smoothing is out of range, or given to another kind.
void check_loss(const LossSpec& spec);

/// Mean loss of a batch: logits [N, C], N labels -> [1]. Throws ConfigError as check_loss, and
/// ShapeError as ops::softmax_cross_entropy and ops::squared_hinge.
Variable loss(const LossSpec& spec, const Variable& logits, std::span<const int32_t> labels);

}  // namespace fracbit
