#include "fracbit/framework/loss.h"

#include <algorithm>
#include <array>

#include "fracbit/framework/digits.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/nearest.h"
#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "fracbit/framework/ops/squared_hinge.h"

namespace fracbit {

namespace {

constexpr std::array<std::string_view, 2> kKinds{"cross-entropy", "squared-hinge"};

}  // namespace

std::span<const std::string_view> loss_kinds() {
  return kKinds;
}

void check_loss(const LossSpec& spec) {
  if (std::ranges::find(kKinds, spec.kind) == kKinds.end()) {
    throw ConfigError("unknown loss '" + spec.kind + "'" + nearest_hint(spec.kind, kKinds));
  }
  const bool in_range = spec.smoothing >= 0 && spec.smoothing <= 1;
  if (!in_range || (spec.smoothing > 0 && spec.kind != kKinds[0])) {
    throw ConfigError("[loss] expects label smoothing 0..1, and 0 for squared-hinge, got " +
                      digits(spec.smoothing) + " for " + spec.kind);
  }
}

Variable loss(const LossSpec& spec, const Variable& logits, std::span<const int32_t> labels) {
  check_loss(spec);
  if (spec.kind == kKinds[1]) return ops::squared_hinge(logits, labels);
  return ops::softmax_cross_entropy(logits, labels, spec.smoothing);
}

}  // namespace fracbit
