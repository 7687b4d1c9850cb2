#include "fracbit/data/idx_images.h"

#include <algorithm>
#include <array>

#include "fracbit/data/file.h"
#include "fracbit/data/idx.h"
#include "fracbit/data/memory_dataset.h"
#include "fracbit/framework/error.h"

namespace fracbit::data {
namespace {

std::string find_part(const OpenOptions& options, std::string_view folder, const char* part) {
  const std::string prefix = options.split == "train" ? "train-" : "t10k-";
  const std::string name = prefix + part;
  const std::array<std::string, 2> names = {name, name + ".gz"};
  return find_file(options.root, folder, names);
}

}  // namespace

std::shared_ptr<const Dataset> open_idx_images(const Entry& entry, const OpenOptions& options) {
  const std::string image_path = find_part(options, entry.folder, "images-idx3-ubyte");
  const std::string label_path = find_part(options, entry.folder, "labels-idx1-ubyte");
  const DatasetInfo& info = entry.info;
  IdxArray images = read_idx(image_path, 3);
  IdxArray labels = read_idx(label_path, 1);
  const int64_t height = images.extents[1];
  const int64_t width = images.extents[2];
  if (height != info.image_shape[0] || width != info.image_shape[1]) {
    throw FileError(image_path + ": expects images of 28 x 28, found " + std::to_string(height) +
                    " x " + std::to_string(width));
  }
  if (images.extents[0] != labels.extents[0]) {
    throw FileError(label_path + ": expects " + std::to_string(images.extents[0]) +
                    " labels, one per image of " + image_path + ", found " +
                    std::to_string(labels.extents[0]));
  }
  const auto classes = info.class_names.size();
  const auto wrong = std::find_if(labels.values.begin(), labels.values.end(),
                                  [&](uint8_t label) { return label >= classes; });
  if (wrong != labels.values.end()) {
    throw FileError(label_path + ": expects labels from 0 to " + std::to_string(classes - 1) +
                    ", found " + std::to_string(*wrong) + " at offset " +
                    std::to_string(8 + (wrong - labels.values.begin())));
  }
  return std::make_shared<MemoryDataset>(info, std::move(images.values), std::move(labels.values));
}

}  // namespace fracbit::data
