#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fracbit/framework/tensor.h"

namespace fracbit::data {

/// One image and its class number.
struct Sample {
  Tensor image;  ///< [H, W, C], pixels scaled to 0..1
  int32_t label = 0;
};

/// What is true of every sample of a data set.
struct DatasetInfo {
  std::string name;
  Shape image_shape;                     ///< [H, W, C]
  std::vector<std::string> class_names;  ///< one per class, in order of the labels
  std::vector<double> mean;              ///< per channel, of the training pixels in 0..1
  std::vector<double> deviation;         ///< per channel, population standard deviation
};

/// Labelled images of one shape, numbered from 0. Immutable, so it may be read by many threads.
class Dataset {
 public:
  explicit Dataset(DatasetInfo info) : info_(std::move(info)) {}
  virtual ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  const std::string& name() const { return info_.name; }
  const Shape& image_shape() const { return info_.image_shape; }
  int64_t classes() const { return static_cast<int64_t>(info_.class_names.size()); }
  const std::vector<std::string>& class_names() const { return info_.class_names; }
  const std::vector<double>& mean() const { return info_.mean; }
  const std::vector<double>& deviation() const { return info_.deviation; }
  const DatasetInfo& info() const { return info_; }

  /// Number of samples.
  virtual int64_t size() const = 0;
  /// Sample i, into buffers that are reused. Throws ConfigError unless 0 <= i < size(), FileError
  /// if its file cannot be read.
  virtual void get(int64_t i, Sample& sample) const = 0;

 protected:
  /// Throws ConfigError unless 0 <= i < size().
  void require_index(int64_t i) const;

 private:
  DatasetInfo info_;
};

/// The first `count` samples of a data set, or all if there are fewer. Throws ConfigError unless
/// count >= 1.
std::shared_ptr<const Dataset> take(std::shared_ptr<const Dataset> dataset, int64_t count);

}  // namespace fracbit::data
