#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "fracbit/framework/value.h"

namespace fracbit {

class Variable;

/// Receives the gradient of an op's output (it may be moved from) and adds the gradients of the
/// inputs, in the order they were given to Variable::from_op, with Variable::accumulate.
using BackwardFunction = std::function<void(Tensor&& dy, std::span<Variable> inputs)>;

/// A node of the computation: value, gradient and how to go back. The value may be quantized
/// (form()); its gradient is one of reals all the same, with respect to the reals it stands for. A
/// *shared identity*: copies refer to the same node. backward() walks the graph iteratively and
/// frees it.
class Variable {
 public:
  /// Refers to nothing; only assignment and defined() are allowed.
  Variable() = default;
  explicit Variable(Value value, bool requires_grad = false);

  /// The output of an op. Records `backward` only if gradients are enabled and an input requires
  /// one. `op` must be a string literal.
  /// `again`, if there is one, makes the value once more, to the bit, until `backward` was called:
  /// then forget() may let go of it.
  static Variable from_op(const char* op, Value value, std::vector<Variable> inputs,
                          BackwardFunction backward, std::function<Tensor()> again = {});

  bool defined() const { return node_ != nullptr; }
  /// The reals; those of a quantized value are decoded at the first call.
  const Tensor& value() const;
  /// The value as it is kept.
  const Value& form() const;
  /// For optimizers and initialisation; never on a quantized value, nor on the output of an op that
  /// still has to go backward.
  Tensor& mutable_value();
  const Shape& shape() const;
  /// Lets go of a recorded value that can be made again, which it is when it is next asked for.
  void forget();
  const char* op() const;

  bool requires_grad() const;
  /// Empty before the first backward().
  const Tensor& grad() const;
  Tensor& mutable_grad();
  /// Drops the gradient.
  void clear_grad();
  /// grad += gradient, if this variable requires one. Gradients of several uses add up in the fixed
  /// order of the walk. Throws ShapeError if the shapes differ.
  void accumulate(Tensor&& gradient);

  /// Gradients of this variable (one element, or with the seed dy of its shape) with respect to all
  /// leaves, added to those already there. The graph behind this variable is freed.
  void backward();
  void backward(Tensor dy);

  /// Whether two variables are the same node.
  friend bool operator==(const Variable& a, const Variable& b) { return a.node_ == b.node_; }

 private:
  struct Node;
  std::shared_ptr<Node> node_;
};

/// While one lives, ops of this thread record nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

/// Whether ops of this thread record how to go backward.
bool grad_enabled();

}  // namespace fracbit
