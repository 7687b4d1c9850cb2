#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fracbit/quantize/deploy/executor.h"

namespace fracbit::deploy {

struct Model;

/// Class scores, a row per image.
class Scores {
 public:
  Scores(int64_t images, int64_t classes)
      : classes_(classes), values_(static_cast<size_t>(images * classes)) {}

  int64_t images() const {
    return classes_ == 0 ? 0 : static_cast<int64_t>(values_.size()) / classes_;
  }
  int64_t classes() const { return classes_; }
  std::span<float> values() { return values_; }
  std::span<const float> values() const { return values_; }
  /// Scores of one image.
  std::span<const float> row(int64_t image) const {
    return values().subspan(static_cast<size_t>(image * classes_), static_cast<size_t>(classes_));
  }
  /// The class with the largest score, the first of equals.
  int64_t argmax(int64_t image = 0) const;

 private:
  int64_t classes_;
  std::vector<float> values_;
};

/// A deployed network: packed weights, thresholds and the list of ops, laid out for the kernels of
/// this machine. Immutable, and cheap to copy; one model may run on any number of threads at once.
class PackedModel {
 public:
  /// From the bytes of an `.fbit` file; `name` stands in messages. Throws FileError, and
  /// ConfigError if FRACBIT_ISA names kernels that this machine does not have.
  static PackedModel load(std::span<const std::byte> bytes, std::string_view name = "model");
  /// From a file. Throws also FileError if it cannot be read.
  static PackedModel load(const std::string& path);
  /// Throws ConfigError as trace().
  explicit PackedModel(const Model& model);

  /// What one op makes of an image, and what computes it.
  struct Step {
    std::string op;      ///< "block"
    std::string kernel;  ///< "signs 1x1 popcount (avx512vp)"
    int64_t height, width, channels;
    std::string form;  ///< of the result: "floats", "codes 2", "signs", "residual 3", "grid 3"
  };

  /// Extents of an image [height, width, channels].
  int64_t height() const;
  int64_t width() const;
  int64_t channels() const;
  int64_t image_size() const { return height() * width() * channels(); }
  int64_t classes() const;
  const std::vector<Step>& steps() const;
  /// What the writer of the file noted, by key; empty if it is not there.
  std::string_view metadata(std::string_view key) const;
  const std::vector<std::pair<std::string, std::string>>& metadata() const;

  /// Scores of images [n, height, width, channels] of floats. Results do not depend on the
  /// executor, nor on which images run together. Throws ShapeError if the numbers of floats do not
  /// fit, std::bad_alloc.
  void run(std::span<const float> images, std::span<float> scores,
           const Executor& executor = {}) const;
  Scores run(std::span<const float> images, const Executor& executor = {}) const;
  /// The same for anything with a span(), such as a Tensor.
  template <typename Images>
  requires requires(const Images& images) {
    { images.span() } -> std::convertible_to<std::span<const float>>;
  }
  Scores run(const Images& images, const Executor& executor = {}) const {
    return run(std::span<const float>(images.span()), executor);
  }

 private:
  class Network;
  std::shared_ptr<const Network> network_;
};

}  // namespace fracbit::deploy
