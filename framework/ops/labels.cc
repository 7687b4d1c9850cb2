#include "fracbit/framework/ops/labels.h"

#include <string>

#include "fracbit/framework/error.h"

namespace fracbit::ops {

void check_labels(const char* op, const Shape& logits, std::span<const int32_t> labels) {
  const std::string start = std::string("[") + op + "] expects ";
  if (logits.rank() != 2 || logits.size() == 0) {
    throw ShapeError(start + "logits [N, C], got shape " + to_string(logits));
  }
  if (static_cast<int64_t>(labels.size()) != logits[0]) {
    throw ShapeError(start + std::to_string(logits[0]) + " labels, got " +
                     std::to_string(labels.size()) + " (logits " + to_string(logits) + ")");
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0 && labels[i] < logits[1]) continue;
    throw ShapeError(start + "labels 0 to " + std::to_string(logits[1] - 1) + ", got " +
                     std::to_string(labels[i]) + " for sample " + std::to_string(i) + " (logits " +
                     to_string(logits) + ")");
  }
}

}  // namespace fracbit::ops
