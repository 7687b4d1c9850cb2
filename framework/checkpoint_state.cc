#include <algorithm>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "fracbit/framework/checkpoint.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/module.h"
#include "fracbit/framework/optim/optimizer.h"
#include "fracbit/framework/sha256.h"

namespace fracbit {

namespace {

struct Target {
  std::string name;
  Tensor* value;
};

std::vector<Target> parameters_of(Module& module) {
  std::vector<Target> targets;
  for (Module::NamedParameter& parameter : module.parameters()) {
    targets.push_back({parameter.name, &parameter.value.mutable_value()});
  }
  return targets;
}

std::vector<Target> buffers_of(Module& module) {
  std::vector<Target> targets;
  for (const Module::NamedBuffer& buffer : module.buffers()) {
    targets.push_back({buffer.name, buffer.value});
  }
  return targets;
}

std::vector<Target> state_of(optim::Optimizer& optimizer) {
  std::vector<Target> targets;
  for (const optim::Optimizer::State& state : optimizer.state()) {
    targets.push_back({state.name, state.value});
  }
  return targets;
}

std::vector<Checkpoint::Entry> copies(const std::vector<Target>& targets) {
  std::vector<Checkpoint::Entry> entries;
  for (const Target& target : targets) entries.push_back({target.name, *target.value});
  return entries;
}

/// Which tensor of a checkpoint goes where.
class Restoration {
 public:
  explicit Restoration(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

  /// Throws FileError unless entries and targets fit one to one.
  void add(const char* kind, const std::vector<Checkpoint::Entry>& entries,
           const std::vector<Target>& targets) {
    std::unordered_map<std::string_view, const Tensor*> by_name;
    for (const Checkpoint::Entry& entry : entries) by_name.emplace(entry.name, &entry.value);
    for (const Target& target : targets) {
      const auto found = by_name.find(target.name);
      const Shape& shape = target.value->shape();
      const std::string expects = "expects " + to_string(shape) + ", found ";
      if (found == by_name.end()) fail(kind, target.name, expects + "none");
      const Shape& stored = found->second->shape();
      if (stored != shape) fail(kind, target.name, expects + to_string(stored));
      pairs_.emplace_back(found->second, target.value);
      by_name.erase(found);
    }
    for (const Checkpoint::Entry& entry : entries) {
      if (by_name.contains(entry.name)) fail(kind, entry.name, "expects none here, found one");
    }
  }

  void add(Module& module) {
    add("parameter", checkpoint_.parameters, parameters_of(module));
    add("buffer", checkpoint_.buffers, buffers_of(module));
  }

  void add(optim::Optimizer& optimizer) {
    add("optimizer state", checkpoint_.optimizer, state_of(optimizer));
  }

  void copy() const {
    for (const auto& [from, to] : pairs_) std::ranges::copy(from->span(), to->data());
  }

 private:
  [[noreturn]] void fail(const char* kind, const std::string& name, const std::string& what) const {
    const std::string file = checkpoint_.path.empty() ? "checkpoint" : checkpoint_.path;
    throw FileError(file + ": " + kind + " \"" + name + "\": " + what);
  }

  const Checkpoint& checkpoint_;
  std::vector<std::pair<const Tensor*, Tensor*>> pairs_;
};

}  // namespace

void capture(Module& module, Checkpoint& checkpoint) {
  checkpoint.parameters = copies(parameters_of(module));
  checkpoint.buffers = copies(buffers_of(module));
}

void capture(optim::Optimizer& optimizer, Checkpoint& checkpoint) {
  checkpoint.optimizer = copies(state_of(optimizer));
  checkpoint.optimizer_steps = optimizer.steps();
}

void restore(const Checkpoint& checkpoint, Module& module) {
  Restoration restoration(checkpoint);
  restoration.add(module);
  restoration.copy();
}

void restore(const Checkpoint& checkpoint, optim::Optimizer& optimizer) {
  Restoration restoration(checkpoint);
  restoration.add(optimizer);
  restoration.copy();
  optimizer.set_steps(checkpoint.optimizer_steps);
}

void restore(const Checkpoint& checkpoint, Module& module, optim::Optimizer& optimizer) {
  Restoration restoration(checkpoint);
  restoration.add(module);
  restoration.add(optimizer);
  restoration.copy();
  optimizer.set_steps(checkpoint.optimizer_steps);
}

std::string weights_sha256(Module& module) {
  Sha256 hash;
  const auto add = [&](std::string_view kind, const std::vector<Target>& targets) {
    for (const Target& target : targets) {
      const std::string line =
          std::string(kind) + " " + target.name + " " + to_string(target.value->shape()) + "\n";
      hash.update(std::as_bytes(std::span(line)));
      hash.update(std::as_bytes(std::as_const(*target.value).span()));
    }
  };
  add("parameter", parameters_of(module));
  add("buffer", buffers_of(module));
  return hash.hex();
}

}  // namespace fracbit
