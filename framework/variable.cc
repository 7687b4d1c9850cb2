#include "fracbit/framework/variable.h"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/profile.h"

namespace fracbit {
namespace {
thread_local bool recording = true;
constexpr int64_t kAddGrain = 1 << 15;
}  // namespace

struct Variable::Node {
  Value value;
  Tensor decoded;  // of a quantized value that was asked for as reals
  Tensor grad;
  const char* op = "leaf";
  bool requires_grad = false;
  uint32_t layer = 0;  // of a Profile
  std::vector<Variable> inputs;
  BackwardFunction backward;
  std::function<Tensor()> again;  // makes a forgotten value
  bool forgotten = false;
  Shape shape{0};  // of a forgotten value

  void remember() {
    if (!forgotten) return;
    value = again();
    forgotten = false;
  }

  /// A long chain must not be destroyed recursively: sole owners of inputs are unlinked one by one.
  ~Node() {
    std::vector<Variable> pending = std::move(inputs);
    while (!pending.empty()) {
      Variable input = std::move(pending.back());
      pending.pop_back();
      if (input.node_ && input.node_.use_count() == 1) {
        for (Variable& next : input.node_->inputs) pending.push_back(std::move(next));
        input.node_->inputs.clear();
      }
    }
  }
};

Variable::Variable(Value value, bool requires_grad) : node_(std::make_shared<Node>()) {
  node_->value = std::move(value);
  node_->requires_grad = requires_grad;
}

Variable Variable::from_op(const char* op, Value value, std::vector<Variable> inputs,
                           BackwardFunction backward, std::function<Tensor()> again) {
  Variable output(std::move(value));
  output.node_->op = op;
  if (!recording) return output;
  bool needed = false;
  for (const Variable& input : inputs) needed = needed || input.requires_grad();
  if (!needed) return output;
  output.node_->requires_grad = true;
  output.node_->layer = Profile::layer();
  output.node_->inputs = std::move(inputs);
  output.node_->backward = std::move(backward);
  output.node_->again = std::move(again);
  return output;
}

const Tensor& Variable::value() const {
  node_->remember();
  if (const Tensor* reals = std::get_if<Tensor>(&node_->value)) return *reals;
  if (node_->decoded.empty()) node_->decoded = values(node_->value);
  return node_->decoded;
}
const Value& Variable::form() const {
  node_->remember();
  return node_->value;
}
const Shape& Variable::shape() const {
  return node_->forgotten ? node_->shape : shape_of(node_->value);
}
void Variable::forget() {
  if (!node_->again || node_->forgotten) return;
  node_->shape = shape();
  node_->value = Tensor();
  node_->forgotten = true;
}
Tensor& Variable::mutable_value() {
  return std::get<Tensor>(node_->value);
}
const char* Variable::op() const {
  return node_->op;
}
bool Variable::requires_grad() const {
  return node_ && node_->requires_grad;
}
const Tensor& Variable::grad() const {
  return node_->grad;
}
Tensor& Variable::mutable_grad() {
  return node_->grad;
}
void Variable::clear_grad() {
  node_->grad = Tensor();
}

void Variable::accumulate(Tensor&& gradient) {
  if (!requires_grad()) return;
  if (gradient.shape() != shape()) {
    throw ShapeError("[backward] gradient of " + std::string(node_->op) + " has shape " +
                     to_string(gradient.shape()) + ", its value " + to_string(shape()));
  }
  if (node_->grad.empty()) {
    node_->grad = std::move(gradient);
    return;
  }
  real* into = node_->grad.data();
  const real* from = gradient.data();
  parallel_for(gradient.size(), kAddGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) into[i] += from[i];
  });
}

void Variable::backward() {
  if (shape().size() != 1) {
    throw ShapeError("[backward] starts from a single number, got shape " + to_string(shape()));
  }
  backward(Tensor::full(shape(), 1));
}

void Variable::backward(Tensor dy) {
  accumulate(std::move(dy));
  // Depth-first post-order without recursion: consumers come after all they consume.
  std::vector<Variable> order;
  std::unordered_set<const Node*> seen{node_.get()};
  std::vector<std::pair<Variable, size_t>> stack{{*this, 0}};
  while (!stack.empty()) {
    auto& [variable, next] = stack.back();
    if (next == variable.node_->inputs.size()) {
      order.push_back(std::move(variable));
      stack.pop_back();
      continue;
    }
    Variable input = variable.node_->inputs[next++];
    if (input.requires_grad() && seen.insert(input.node_.get()).second)
      stack.emplace_back(std::move(input), 0);
  }
  while (!order.empty()) {
    const Profile::Layer layer(order.back().node_->layer);
    const Profile::Span span(Phase::input_gradient);
    Variable variable = std::move(order.back());
    order.pop_back();
    Node& node = *variable.node_;
    if (!node.backward) continue;
    if (variable.node_.use_count() > 1) node.remember();  // somebody may still look at it
    node.again = nullptr;
    const BackwardFunction function = std::exchange(node.backward, nullptr);
    std::vector<Variable> inputs = std::exchange(node.inputs, {});
    if (!node.grad.empty()) function(std::exchange(node.grad, Tensor()), inputs);
    node.requires_grad = false;
  }
}

NoGrad::NoGrad() : before_(std::exchange(recording, false)) {}
NoGrad::~NoGrad() {
  recording = before_;
}
bool grad_enabled() {
  return recording;
}

}  // namespace fracbit
