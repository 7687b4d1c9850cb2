#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// One call of an op that the law tests make.
struct OpExample {
  std::string name;  ///< what is special about it: "stride 2 with padding"
  std::vector<Tensor> inputs;
  /// The op on these inputs; every input is one that gradients are checked for.
  std::function<Variable(std::span<const Variable> inputs)> apply;
  /// Values of inputs[0] where the derivative jumps. Finite differences move elements away from
  /// them.
  std::vector<double> kinks = {};
};

/// What the file of an op says about itself. Each op of the catalogue (meson.build) defines
/// `OpExamples <name>_examples()` in its .cc.
struct OpExamples {
  /// A few hundred elements at most: checked against central finite differences in double.
  std::vector<OpExample> gradients;
  /// Large enough for several parallel blocks: the same bits for 1, 2, 3 and 8 threads.
  std::vector<OpExample> large;
  /// Inputs that do not fit: apply throws ShapeError.
  std::vector<OpExample> refused;
};

/// Distinct values, evenly spaced over (low, high) in a shuffled order that depends on `seed`.
Tensor example_tensor(const Shape& shape, uint64_t seed, double low = -2, double high = 2);

struct NamedOpExamples {
  std::string op;
  OpExamples examples;
};
/// The examples of every op of the catalogue, in its order.
std::vector<NamedOpExamples> op_examples();

}  // namespace fracbit::ops
