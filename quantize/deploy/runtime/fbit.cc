#include "fracbit/quantize/deploy/fbit.h"

#include <cstring>
#include <exception>

#include "fracbit/quantize/deploy/runtime/fbit_model.h"

namespace {

thread_local char error_text[1024];

fracbit::deploy::Executor executor_of(const fbit_executor* executor) {
  if (executor == nullptr) return {};
  return {executor->for_each, executor->context, executor->threads};
}

}  // namespace

namespace fracbit::deploy {

void set_fbit_error(const char* text) noexcept {
  std::strncpy(error_text, text, sizeof(error_text) - 1);
}

}  // namespace fracbit::deploy

extern "C" {

fbit_model* fbit_load_bytes(const void* bytes, size_t size) {
  const std::span all(static_cast<const std::byte*>(bytes), size);
  return fracbit::deploy::make_fbit([&] { return fracbit::deploy::PackedModel::load(all); });
}

void fbit_free(fbit_model* model) {
  delete model;
}

int64_t fbit_height(const fbit_model* model) {
  return model->packed.height();
}

int64_t fbit_width(const fbit_model* model) {
  return model->packed.width();
}

int64_t fbit_channels(const fbit_model* model) {
  return model->packed.channels();
}

int64_t fbit_classes(const fbit_model* model) {
  return model->packed.classes();
}

const char* fbit_metadata(const fbit_model* model, const char* key) {
  for (const auto& [name, text] : model->packed.metadata()) {
    if (name == key) return text.c_str();
  }
  return "";
}

int fbit_run(const fbit_model* model, const float* images, size_t count, float* scores,
             const fbit_executor* executor) {
  try {
    const auto& packed = model->packed;
    packed.run(std::span(images, count * static_cast<size_t>(packed.image_size())),
               std::span(scores, count * static_cast<size_t>(packed.classes())),
               executor_of(executor));
    return 0;
  } catch (const std::exception& error) {
    fracbit::deploy::set_fbit_error(error.what());
    return -1;
  }
}

const char* fbit_error(void) {
  return error_text;
}
}
