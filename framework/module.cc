#include "fracbit/framework/module.h"

#include "fracbit/framework/error.h"
#include "fracbit/framework/forward_watch.h"
#include "fracbit/framework/profile.h"

namespace fracbit {

std::string join_path(std::string_view parent, std::string_view name) {
  if (parent.empty()) return std::string(name);
  if (name.empty()) return std::string(parent);
  return std::string(parent) + "." + std::string(name);
}

Variable Module::operator()(const Variable& x) {
  return forward(x);
}

Variable Module::call_child(const Child& child, const Variable& x) {
  try {
    const ForwardWatch::Call call(child.name);
    const Profile::Layer layer(child.name);
    Variable y = child.module->forward(x);
    call.finish(y);
    return y;
  } catch (Error& error) {
    error.prepend_path(child.name);
    throw;
  }
}

void Module::visit(const std::function<void(const std::string&, Module&)>& visitor) {
  std::vector<std::pair<std::string, Module*>> pending{{"", this}};
  while (!pending.empty()) {
    auto [path, module] = std::move(pending.back());
    pending.pop_back();
    visitor(path, *module);
    for (auto child = module->children_.rbegin(); child != module->children_.rend(); ++child) {
      pending.emplace_back(join_path(path, child->name), child->module.get());
    }
  }
}

std::vector<Module::NamedParameter> Module::parameters() const {
  std::vector<NamedParameter> all;
  const_cast<Module*>(this)->visit([&](const std::string& path, Module& module) {
    for (const NamedParameter& own : module.own_parameters_) {
      all.push_back({join_path(path, own.name), own.value});
    }
  });
  return all;
}

std::vector<std::pair<std::string, Tensor>> Module::deployed_parameters() const {
  std::vector<std::pair<std::string, Tensor>> all;
  const_cast<Module*>(this)->visit([&](const std::string& path, Module& module) {
    for (const NamedParameter& own : module.own_parameters_) {
      all.emplace_back(join_path(path, own.name), module.deployed_value(own));
    }
  });
  return all;
}

std::vector<Module::NamedBuffer> Module::buffers() {
  std::vector<NamedBuffer> all;
  visit([&](const std::string& path, Module& module) {
    for (const NamedBuffer& own : module.own_buffers_) {
      all.push_back({join_path(path, own.name), own.value});
    }
  });
  return all;
}

void Module::train(bool on) {
  visit([&](const std::string&, Module& module) { module.training_ = on; });
}

void Module::set_position(const StepPosition& position) {
  uint32_t next = 0;
  visit([&](const std::string&, Module& module) {
    module.position_ = position;
    module.stream_ = next++;
  });
}

void Module::initialize(uint64_t seed) {
  uint32_t next = 0;
  visit([&](const std::string&, Module& module) {
    module.position_ = {seed, 0};
    module.stream_ = next++;
    module.do_initialize(seed, module.stream_);
  });
}

void Module::do_initialize(uint64_t, uint32_t) {}

void Module::after_update() {
  visit([](const std::string&, Module& module) { module.do_after_update(); });
}

void Module::do_after_update() {}

Shape Module::trace_child(const Child& child, const Shape& x, const std::string& path,
                          std::vector<LayerInfo>& rows) {
  try {
    return child.module->do_trace(x, join_path(path, child.name), rows);
  } catch (Error& error) {
    error.prepend_path(child.name);
    throw;
  }
}

void Module::do_lower(deploy::Lowering&) const {
  throw ConfigError("[deploy] this layer has no deployed form");
}

Tensor Module::deployed_value(const NamedParameter& own) const {
  return own.value.value();
}

void Module::lower_child(const Child& child, deploy::Lowering& to) {
  try {
    child.module->do_lower(to);
  } catch (Error& error) {
    error.prepend_path(child.name);
    throw;
  }
}

Variable Module::add_parameter(std::string name, const Shape& shape) {
  own_parameters_.push_back({std::move(name), Variable(Tensor::zeros(shape), true)});
  return own_parameters_.back().value;
}

void Module::add_buffer(std::string name, Tensor* tensor) {
  own_buffers_.push_back({std::move(name), tensor});
}

void Module::add_child(std::string name, std::shared_ptr<Module> child) {
  children_.push_back({std::move(name), std::move(child)});
}

}  // namespace fracbit
