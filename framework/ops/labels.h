#pragma once

#include <cstdint>
#include <span>

#include "fracbit/framework/shape.h"

namespace fracbit::ops {

/// Throws ShapeError unless logits are [N, C] with N, C >= 1, there are N labels, and each is in
/// 0..C - 1. `op` names the caller.
void check_labels(const char* op, const Shape& logits, std::span<const int32_t> labels);

}  // namespace fracbit::ops
