#include "fracbit/data/cifar.h"

#include "fracbit/data/file.h"
#include "fracbit/data/memory_dataset.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/input_file.h"

namespace fracbit::data {
namespace {

constexpr int64_t kPlane = 32 * 32;
constexpr int64_t kImage = 3 * kPlane;

void require_records(const std::string& path, int64_t bytes, const CifarLayout& layout) {
  const int64_t record = layout.label_bytes + kImage;
  if (bytes == layout.records * record) return;
  throw FileError(path + ": expects " + std::to_string(layout.records * record) + " bytes (" +
                  std::to_string(layout.records) + " records of " + std::to_string(record) +
                  "), found " + std::to_string(bytes));
}

}  // namespace

void parse_cifar(std::span<const uint8_t> bytes, const CifarLayout& layout, const std::string& path,
                 std::vector<uint8_t>& pixels, std::vector<uint8_t>& labels) {
  require_records(path, static_cast<int64_t>(bytes.size()), layout);
  const int64_t record = layout.label_bytes + kImage;
  const size_t before = pixels.size();
  pixels.resize(before + static_cast<size_t>(layout.records * kImage));
  uint8_t* pixel = pixels.data() + before;
  for (int64_t r = 0; r < layout.records; ++r) {
    const int64_t label_at = r * record + layout.label_bytes - 1;
    const uint8_t label = bytes[static_cast<size_t>(label_at)];
    if (label >= layout.classes) {
      throw FileError(path + ": expects labels from 0 to " + std::to_string(layout.classes - 1) +
                      ", found " + std::to_string(label) + " at offset " +
                      std::to_string(label_at));
    }
    labels.push_back(label);
    const uint8_t* red = bytes.data() + label_at + 1;
    for (int64_t k = 0; k < kPlane; ++k, pixel += 3) {
      pixel[0] = red[k];
      pixel[1] = red[k + kPlane];
      pixel[2] = red[k + 2 * kPlane];
    }
  }
}

std::shared_ptr<const Dataset> open_cifar(const Entry& entry, const OpenOptions& options,
                                          std::span<const std::string> files,
                                          const CifarLayout& layout) {
  std::vector<std::string> paths;
  for (const std::string& name : files) {  // before any is read, so that a bad one is told at once
    paths.push_back(find_file(options.root, entry.folder, std::span(&name, 1)));
    require_records(paths.back(), InputFile(paths.back()).size(), layout);
  }
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> labels;
  const auto records = static_cast<size_t>(layout.records) * files.size();
  pixels.reserve(records * static_cast<size_t>(kImage));
  labels.reserve(records);
  for (const std::string& path : paths) {
    parse_cifar(read_file(path), layout, path, pixels, labels);
  }
  return std::make_shared<MemoryDataset>(entry.info, std::move(pixels), std::move(labels));
}

}  // namespace fracbit::data
