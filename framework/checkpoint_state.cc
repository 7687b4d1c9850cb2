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

/// Entries in the order of the targets. Throws FileError unless they fit one to one.
std::vector<const Tensor*> matched(const Checkpoint& checkpoint, const char* kind,
                                   const std::vector<Checkpoint::Entry>& entries,
                                   const std::vector<Target>& targets) {
  std::unordered_map<std::string_view, const Tensor*> by_name;
  for (const Checkpoint::Entry& entry : entries) by_name.emplace(entry.name, &entry.value);
  const auto fail = [&](const std::string& name, const std::string& what) {
    const std::string file = checkpoint.path.empty() ? "checkpoint" : checkpoint.path;
    throw FileError(file + ": " + kind + " \"" + name + "\": " + what);
  };
  std::vector<const Tensor*> values;
  for (const Target& target : targets) {
    const auto found = by_name.find(target.name);
    const Shape& shape = target.value->shape();
    if (found == by_name.end()) fail(target.name, "expects " + to_string(shape) + ", found none");
    const Shape& stored = found->second->shape();
    if (stored != shape) {
      fail(target.name, "expects " + to_string(shape) + ", found " + to_string(stored));
    }
    values.push_back(found->second);
    by_name.erase(found);
  }
  for (const Checkpoint::Entry& entry : entries) {
    if (by_name.contains(entry.name)) fail(entry.name, "expects none in this model, found one");
  }
  return values;
}

void copy(const std::vector<const Tensor*>& values, const std::vector<Target>& targets) {
  for (size_t i = 0; i < targets.size(); ++i) {
    std::ranges::copy(values[i]->span(), targets[i].value->data());
  }
}

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
  const std::vector<Target> parameters = parameters_of(module);
  const std::vector<Target> buffers = buffers_of(module);
  const auto new_parameters = matched(checkpoint, "parameter", checkpoint.parameters, parameters);
  const auto new_buffers = matched(checkpoint, "buffer", checkpoint.buffers, buffers);
  copy(new_parameters, parameters);
  copy(new_buffers, buffers);
}

void restore(const Checkpoint& checkpoint, optim::Optimizer& optimizer) {
  const std::vector<Target> state = state_of(optimizer);
  copy(matched(checkpoint, "optimizer state", checkpoint.optimizer, state), state);
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
