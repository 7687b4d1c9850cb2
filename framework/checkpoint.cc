#include "fracbit/framework/checkpoint.h"

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "fracbit/framework/crc32c.h"
#include "fracbit/framework/digits.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/safetensors.h"
#include "fracbit/framework/version.h"

namespace fracbit {

namespace {

constexpr std::string_view kFormat = "fracbit-checkpoint";
constexpr int kFormatVersion = 1;
// The header starts with its own checksum, which is computed with these eight digits as zeros.
constexpr std::string_view kHeaderStart = R"({"__metadata__":{"header_crc32c":")";
constexpr std::string_view kNoDigits = "00000000";
constexpr std::string_view kTensorChecksum = "crc32c.";
constexpr std::string_view kOptimizer = "optimizer.";
constexpr Dtype kRealDtype = std::is_same_v<real, double> ? Dtype::f64 : Dtype::f32;

std::string header_checksum(std::string header) {
  header.replace(kHeaderStart.size(), kNoDigits.size(), kNoDigits);
  std::array<std::byte, 8> length{};
  for (size_t i = 0; i < 8; ++i) {
    length[i] = static_cast<std::byte>(uint64_t{header.size()} >> (8 * i));
  }
  return crc32c_text(crc32c(std::as_bytes(std::span(header)), crc32c(length)));
}

/// Calls f("parameters.", entries) for the three kinds of tensors, in file order.
template <typename C, typename F>
void each_kind(C& checkpoint, const F& f) {
  f(std::string_view("parameters."), checkpoint.parameters);
  f(std::string_view("buffers."), checkpoint.buffers);
  f(kOptimizer, checkpoint.optimizer);
}

/// Calls f(key, number) for all numbers of the metadata.
template <typename C, typename F>
void each_number(C& checkpoint, const F& f) {
  f("seed", checkpoint.position.seed);
  f("step", checkpoint.position.step);
  f("epoch", checkpoint.position.epoch);
  f("batch", checkpoint.position.batch);
  f("batches", checkpoint.position.batches);
  f("epoch_loss", checkpoint.sums.loss);
  f("epoch_top1", checkpoint.sums.top1);
  f("epoch_images", checkpoint.sums.images);
  f("best_top1", checkpoint.best_top1);
  f("best_epoch", checkpoint.best_epoch);
  f("optimizer_steps", checkpoint.optimizer_steps);
}

std::vector<SafetensorsView> views_of(const Checkpoint& checkpoint) {
  std::vector<SafetensorsView> views;
  each_kind(checkpoint, [&](std::string_view prefix, const std::vector<Checkpoint::Entry>& all) {
    for (const Checkpoint::Entry& entry : all) {
      const auto extents = entry.value.shape().extents();
      views.push_back({std::string(prefix) + entry.name,
                       kRealDtype,
                       {extents.begin(), extents.end()},
                       std::as_bytes(entry.value.span())});
    }
  });
  return views;
}

/// A file that is being loaded, and how its errors start.
class Loader {
 public:
  explicit Loader(const std::string& path) : reader_(path) {}

  /// All but the tensors.
  Checkpoint header() const {
    check_format();
    Checkpoint checkpoint;
    checkpoint.path = reader_.path();
    checkpoint.fracbit_version = text("fracbit_version");
    checkpoint.config = text("config");
    each_number(checkpoint, [&](const char* key, auto& value) { value = number(key, value); });
    check_position(checkpoint);
    return checkpoint;
  }

  Checkpoint load(bool with_optimizer) const {
    Checkpoint checkpoint = header();
    for (const SafetensorsEntry& entry : reader_.entries()) {
      if (!with_optimizer && entry.name.starts_with(kOptimizer)) continue;
      place(checkpoint, entry.name, read(entry));
    }
    return checkpoint;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw FileError(reader_.path() + ": " + what);
  }

  void check_format() const {
    const std::string& header = reader_.header();
    if (!header.starts_with(kHeaderStart) || text("format") != kFormat) {
      fail("expects a fracbit checkpoint, found another safetensors file");
    }
    const std::string expected = text("header_crc32c");
    const std::string found = header_checksum(header);
    if (found != expected) {
      fail("damaged header: expects checksum " + expected + ", found " + found);
    }
    const auto version = number("format_version", int64_t{0});
    if (version != kFormatVersion) {
      fail("expects checkpoint format " + std::to_string(kFormatVersion) + ", found " +
           std::to_string(version));
    }
  }

  void check_position(const Checkpoint& checkpoint) const {
    const TrainingPosition& at = checkpoint.position;
    if (at.step < 0 || at.epoch < 0 || at.batch < 0 || at.batch > at.batches ||
        checkpoint.sums.images < 0 || checkpoint.best_epoch < 0 || checkpoint.optimizer_steps < 0) {
      fail("expects counts that are not negative, and batch <= batches");
    }
  }

  const std::string& text(const std::string& key) const {
    const auto found = reader_.metadata().find(key);
    if (found == reader_.metadata().end()) fail("expects metadata \"" + key + "\", found none");
    return found->second;
  }

  template <typename Number>
  Number number(const std::string& key, Number value) const {
    const std::string& found = text(key);
    const char* end = found.data() + found.size();
    const auto result = std::from_chars(found.data(), end, value);
    if (result.ec != std::errc() || result.ptr != end) {
      fail("metadata \"" + key + "\": expects a number, found \"" + found + "\"");
    }
    return value;
  }

  Tensor read(const SafetensorsEntry& entry) const {
    if (entry.dtype != kRealDtype || entry.shape.size() > Shape::kMaxRank) {
      fail("\"" + entry.name + "\": expects " + std::string(to_string(kRealDtype)) +
           " of rank 0 to " + std::to_string(Shape::kMaxRank) + ", found " +
           std::string(to_string(entry.dtype)) + " of rank " + std::to_string(entry.shape.size()));
    }
    Tensor value = Tensor::uninitialized(Shape(entry.shape));
    const auto bytes = std::as_writable_bytes(value.span());
    reader_.read(entry, bytes);
    const std::string expected = text(std::string(kTensorChecksum) + entry.name);
    const std::string found = crc32c_text(crc32c(bytes));
    if (found != expected) {
      fail("\"" + entry.name + "\" at offset " + std::to_string(entry.offset) +
           ": damaged: expects checksum " + expected + ", found " + found);
    }
    return value;
  }

  void place(Checkpoint& checkpoint, const std::string& name, Tensor value) const {
    bool placed = false;
    each_kind(checkpoint, [&](std::string_view prefix, std::vector<Checkpoint::Entry>& all) {
      if (placed || !name.starts_with(prefix)) return;
      all.push_back({name.substr(prefix.size()), std::move(value)});
      placed = true;
    });
    if (!placed) fail("\"" + name + "\" is no parameter, buffer or optimizer state");
  }

  SafetensorsReader reader_;
};

}  // namespace

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const std::vector<SafetensorsView> views = views_of(checkpoint);
  SafetensorsMetadata metadata{{"header_crc32c", std::string(kNoDigits)},
                               {"format", std::string(kFormat)},
                               {"format_version", std::to_string(kFormatVersion)},
                               {"fracbit_version", version()},
                               {"config", checkpoint.config}};
  each_number(checkpoint,
              [&](const char* key, auto value) { metadata.emplace_back(key, digits(value)); });
  for (const SafetensorsView& view : views) {
    metadata.emplace_back(std::string(kTensorChecksum) + view.name, crc32c_text(crc32c(view.data)));
  }
  std::string header = safetensors_header(metadata, views);
  header.replace(kHeaderStart.size(), kNoDigits.size(), header_checksum(header));
  write_safetensors(path, header, views);
}

Checkpoint load_checkpoint(const std::string& path) {
  return Loader(path).load(true);
}

Checkpoint load_checkpoint_network(const std::string& path) {
  return Loader(path).load(false);
}

Checkpoint load_checkpoint_header(const std::string& path) {
  return Loader(path).header();
}

}  // namespace fracbit
