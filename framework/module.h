#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fracbit/framework/random.h"
#include "fracbit/framework/variable.h"

namespace fracbit {

namespace deploy {
class Lowering;
}

/// What one layer is and costs for one image; a row of `fracbit summary`.
struct LayerInfo {
  std::string name;          ///< path, "features.3"
  std::string kind;          ///< "quant_conv2d"
  Shape output;              ///< for a batch of the size that trace() was given
  int64_t parameters = 0;    ///< trainable numbers
  int64_t weights = 0;       ///< of these, the ones weight_bits speaks of
  double weight_bits = 32;   ///< average bits of a weight
  double input_bits = 32;    ///< average bits of an input value
  int64_t packed_bytes = 0;  ///< parameters as stored packed: planes, masks and scales
  int64_t macs = 0;          ///< multiply-accumulates per image
  double bit_ops = 0;  ///< macs times weight bits times input bits of packed products per image
  std::string engine;  ///< what computes it: "float", "codes 1x2 popcount (avx512vp)"
  std::string input_gradient = "float";   ///< of a product, what computes its dx
  std::string weight_gradient = "float";  ///< and its dw: "table 6x2 (avx512vp)"
};

/// The position of a training run, from which layers draw their random numbers.
struct StepPosition {
  uint64_t seed = 0;
  uint64_t step = 0;
  int64_t epoch = 0;  ///< from 0
  int64_t epochs = 1;
};

/// A layer or a network: named parameters, buffers and children. A *shared identity*: not copyable,
/// used through std::shared_ptr. The order of registration is the order in checkpoints.
class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// y = layer(x). Errors collect the path of the module they pass through.
  Variable operator()(const Variable& x);

  struct NamedParameter {
    std::string name;
    Variable value;
  };
  struct NamedBuffer {
    std::string name;
    Tensor* value;
  };
  /// Trainable values with their paths ("features.0.weight"), in order of registration, children
  /// after own ones.
  std::vector<NamedParameter> parameters() const;
  /// State that is not trained: running statistics, masks. Part of a checkpoint.
  std::vector<NamedBuffer> buffers();

  /// Parameters as the deployed form of the network uses them: quantized weights as the reals that
  /// they stand for.
  std::vector<std::pair<std::string, Tensor>> deployed_parameters() const;

  /// Training mode (batch statistics, dropout, fresh scales) or evaluation mode, for this module
  /// and all below.
  void train(bool on = true);
  void eval() { train(false); }
  bool training() const { return training_; }

  /// Before each training step: which random numbers this step uses. Every module gets a stream of
  /// its own, its number in registration order.
  void set_position(const StepPosition& position);

  /// After each optimizer step: lets layers put their weights back into range (BinaryConnect clips
  /// them).
  void after_update();

  /// Draws initial weights of this module and all below from `seed`.
  void initialize(uint64_t seed);

  /// The shape this module makes of x; appends a row per layer that has a cost. Throws ShapeError
  /// like forward.
  Shape trace(const Shape& x, std::vector<LayerInfo>& rows) const { return do_trace(x, "", rows); }

  /// Appends what this module computes in evaluation mode to the ops of a deployed network. Throws
  /// ConfigError if it has no deployed form, ShapeError if the value so far does not fit.
  void lower(deploy::Lowering& to) const { do_lower(to); }

  /// Visits this module and all below with their paths, in registration order.
  void visit(const std::function<void(const std::string& path, Module& module)>& visitor);

 protected:
  virtual Variable forward(const Variable& x) = 0;
  virtual Shape do_trace(const Shape& x, const std::string& path,
                         std::vector<LayerInfo>& rows) const = 0;
  virtual void do_lower(deploy::Lowering& to) const;
  /// One of the own parameters, as deployed.
  virtual Tensor deployed_value(const NamedParameter& own) const;
  /// Fills the own parameters; `stream` keeps layers apart.
  virtual void do_initialize(uint64_t seed, uint32_t stream);
  virtual void do_after_update();

  Variable add_parameter(std::string name, const Shape& shape);
  /// The tensor must live as long as the module; typically a member.
  void add_buffer(std::string name, Tensor* tensor);
  void add_child(std::string name, std::shared_ptr<Module> child);

  struct Child {
    std::string name;
    std::shared_ptr<Module> module;
  };
  const std::vector<Child>& children() const { return children_; }
  /// forward(), trace() and lower() of a child, for containers: put the child's name into errors
  /// and rows.
  static Variable call_child(const Child& child, const Variable& x);
  static Shape trace_child(const Child& child, const Shape& x, const std::string& path,
                           std::vector<LayerInfo>& rows);
  static void lower_child(const Child& child, deploy::Lowering& to);

  /// Random numbers of this module in this step.
  Random random(Purpose purpose) const {
    return {position_.seed, stream_, position_.step, purpose};
  }
  uint32_t stream() const { return stream_; }
  const StepPosition& position() const { return position_; }

 private:
  std::vector<NamedParameter> own_parameters_;
  std::vector<NamedBuffer> own_buffers_;
  std::vector<Child> children_;
  bool training_ = true;
  StepPosition position_;
  uint32_t stream_ = 0;
};

/// "a" and "b" to "a.b"; an empty part is left out.
std::string join_path(std::string_view parent, std::string_view name);

}  // namespace fracbit
