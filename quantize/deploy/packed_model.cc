#include "fracbit/quantize/deploy/packed_model.h"

#include <algorithm>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/quantize/deploy/format.h"
#include "fracbit/quantize/deploy/runtime/product.h"
#include "fracbit/quantize/deploy/runtime/stage.h"

namespace fracbit::deploy {
namespace {

using runtime::Layout;
using runtime::MemoryPool;
using runtime::Stage;

/// Images that go through the layers together, at most, and the memory that they may take.
constexpr int64_t kTogether = 8;
constexpr int64_t kTogetherBytes = int64_t{1} << 19;

/// How the input of an op lies in memory.
Layout input_layout(const Op& op, const Value& value, std::string_view isa) {
  Layout in{value};
  const auto* block = std::get_if<Block>(&op);
  if (block == nullptr || value.form == Form::floats) return in;
  if (block->weights.coding == Coding::float32) return in;
  in.border_begin = block->padding_begin;
  in.border_end = block->padding_end;
  if (value.form == Form::grid) in.integer_bytes = runtime::grid_bytes(*block, value, isa);
  if (runtime::takes_ordered_channels(*block, value)) in.order_channels();
  return in;
}

std::string form_name(const Value& value) {
  const std::string bits = std::to_string(value.bits);
  switch (value.form) {
    case Form::codes:
      return "codes " + bits;
    case Form::signs:
      return "signs";
    case Form::residual:
      return "residual " + bits;
    case Form::grid:
      return "grid " + bits;
    default:
      return "floats";
  }
}

}  // namespace

/// The stages of a model, and the memory that its runs use again.
class PackedModel::Network {
 public:
  explicit Network(const Model& model);

  void run(int64_t images, const float* in, float* out, const Executor& executor) const;

  Value input;
  Value output;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<Step> steps;

 private:
  /// Runs images [first, first + count) in memory for `capacity` images.
  void run_group(int64_t count, int64_t capacity, const float* in, float* out,
                 const Executor& executor) const;

  std::vector<std::unique_ptr<const Stage>> stages_;
  std::vector<int64_t> offsets_;  ///< of each activation between two ops, per image
  int64_t bytes_ = 0;             ///< of all of them, per image
  int64_t together_ = 1;
  // Borders of activations stay zero in memory that is used for one number of images.
  mutable MemoryPool scratch_, single_, grouped_;
};

PackedModel::Network::Network(const Model& model) : metadata(model.metadata) {
  const std::vector<Value> values = trace(model);
  const std::string_view isa = isa_name(active_isa());
  std::vector<Layout> layouts;
  for (size_t i = 0; i < model.ops.size(); ++i) {
    layouts.push_back(input_layout(model.ops[i], values[i], isa));
  }
  layouts.push_back({values.back()});
  for (size_t i = 0; i < model.ops.size(); ++i) {
    stages_.push_back(make_stage(model.ops[i], layouts[i], layouts[i + 1], isa));
    const Value& y = values[i + 1];
    steps.push_back({op_name(model.ops[i]), stages_.back()->name(), y.height, y.width, y.channels,
                     form_name(y)});
    offsets_.push_back(bytes_);
    bytes_ += runtime::ceil_div(layouts[i + 1].bytes(), 64) * 64;
  }
  input = values.front();
  output = values.back();
  together_ = std::clamp<int64_t>(kTogetherBytes / bytes_, 1, kTogether);
}

void PackedModel::Network::run_group(int64_t count, int64_t capacity, const float* in, float* out,
                                     const Executor& executor) const {
  MemoryPool& pool = capacity == 1 ? single_ : grouped_;
  // Kernels may read a few bytes past the last pixel.
  const MemoryPool::Loan values = pool.take(bytes_ * capacity + 64, [&](std::byte* data) {
    for (size_t i = 0; i < stages_.size(); ++i) {
      const Layout& layout = stages_[i]->out();
      if (layout.border_byte() == std::byte{0}) continue;
      std::fill_n(data + offsets_[i] * capacity, layout.bytes() * capacity, layout.border_byte());
    }
  });
  const auto* from = reinterpret_cast<const std::byte*>(in);
  for (size_t i = 0; i < stages_.size(); ++i) {
    const bool last = i + 1 == stages_.size();
    std::byte* to =
        last ? reinterpret_cast<std::byte*>(out) : values.data() + offsets_[i] * capacity;
    stages_[i]->run(count, from, to, executor, scratch_);
    from = to;
  }
}

void PackedModel::Network::run(int64_t images, const float* in, float* out,
                               const Executor& executor) const {
  const int64_t threads = std::max(1, executor.threads);
  const int64_t in_size = input.size(), out_size = output.size();
  if (threads > 1 && images < 2 * threads) {
    // Too few images to keep the threads busy: they share each of them.
    for (int64_t n = 0; n < images; ++n) {
      run_group(1, 1, in + n * in_size, out + n * out_size, executor);
    }
    return;
  }
  const int64_t count = std::clamp<int64_t>(images / threads, 1, together_);
  executor.run(runtime::ceil_div(images, count), [&](int64_t group) {
    const int64_t first = group * count;
    run_group(std::min(count, images - first), count == 1 ? 1 : together_, in + first * in_size,
              out + first * out_size, {});
  });
}

int64_t Scores::argmax(int64_t image) const {
  const auto scores = row(image);
  return std::max_element(scores.begin(), scores.end()) - scores.begin();
}

PackedModel::PackedModel(const Model& model) : network_(std::make_shared<Network>(model)) {}

PackedModel PackedModel::load(std::span<const std::byte> bytes, std::string_view name) {
  return PackedModel(read_model(bytes, name));
}

int64_t PackedModel::height() const {
  return network_->input.height;
}

int64_t PackedModel::width() const {
  return network_->input.width;
}

int64_t PackedModel::channels() const {
  return network_->input.channels;
}

int64_t PackedModel::classes() const {
  return network_->output.size();
}

const std::vector<PackedModel::Step>& PackedModel::steps() const {
  return network_->steps;
}

const std::vector<std::pair<std::string, std::string>>& PackedModel::metadata() const {
  return network_->metadata;
}

std::string_view PackedModel::metadata(std::string_view key) const {
  for (const auto& [name, text] : metadata()) {
    if (name == key) return text;
  }
  return {};
}

void PackedModel::run(std::span<const float> images, std::span<float> scores,
                      const Executor& executor) const {
  const auto count = static_cast<int64_t>(images.size()) / image_size();
  if (static_cast<int64_t>(images.size()) != count * image_size() ||
      static_cast<int64_t>(scores.size()) != count * classes()) {
    throw ShapeError("[packed_model] expects images of " + std::to_string(image_size()) +
                     " floats and " + std::to_string(classes()) + " scores each, got " +
                     std::to_string(images.size()) + " and " + std::to_string(scores.size()));
  }
  network_->run(count, images.data(), scores.data(), executor);
}

Scores PackedModel::run(std::span<const float> images, const Executor& executor) const {
  Scores scores(static_cast<int64_t>(images.size()) / image_size(), classes());
  run(images, scores.values(), executor);
  return scores;
}

}  // namespace fracbit::deploy
