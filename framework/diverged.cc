#include "fracbit/framework/diverged.h"

#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/framework/finite.h"
#include "fracbit/framework/forward_watch.h"

namespace fracbit {

namespace {

[[noreturn]] void diverge(const std::string& module_path, const std::string& what, int64_t step) {
  DivergedError error(what + " is not finite at step " + std::to_string(step));
  error.prepend_path(module_path);
  throw error;
}

/// For a tensor that is named by its path.
[[noreturn]] void diverge_at(const std::string& kind, const std::string& path, int64_t step) {
  const size_t dot = path.rfind('.');
  if (dot == std::string::npos) diverge("", kind + path, step);
  diverge(path.substr(0, dot), kind + path.substr(dot + 1), step);
}

}  // namespace

void require_finite_state(Module& module, int64_t step) {
  for (const Module::NamedParameter& parameter : module.parameters()) {
    if (!all_finite(parameter.value.value())) diverge_at("parameter ", parameter.name, step);
  }
  for (const Module::NamedBuffer& buffer : module.buffers()) {
    if (!all_finite(*buffer.value)) diverge_at("buffer ", buffer.name, step);
  }
}

void require_finite_gradients(Module& module, int64_t step) {
  for (const Module::NamedParameter& parameter : module.parameters()) {
    if (!all_finite(parameter.value.grad())) diverge_at("gradient of ", parameter.name, step);
  }
}

void throw_diverged(Module& module, const Batch& batch, int64_t step) {
  if (!all_finite(batch.images)) diverge("", "an image", step);
  for (const Module::NamedParameter& parameter : module.parameters()) {
    if (!all_finite(parameter.value.value())) diverge_at("parameter ", parameter.name, step);
  }
  const NoGrad no_grad;
  // The error collects the path on its way out.
  const ForwardWatch watch([&](const std::string&, const Variable& y) {
    if (!all_finite(y.value())) diverge("", "the output", step);
  });
  if (!all_finite(module(Variable(batch.images)).value())) diverge("", "the output", step);
  diverge("", "the loss", step);
}

}  // namespace fracbit
