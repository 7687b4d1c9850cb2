#include "fracbit/apps/samples.h"

#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "fracbit/framework/atomic_file.h"
#include "fracbit/framework/error.h"

namespace fracbit::apps {
namespace {

void append(void* text, void* bytes, int size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes),
                                          static_cast<size_t>(size));
}

/// Pixels 0..1 as a PNG file's bytes.
std::string png(const Tensor& image) {
  std::string pixels;
  for (real value : image.span()) {
    pixels += static_cast<char>(std::lround(255 * std::clamp<double>(value, 0, 1)));
  }
  const auto extent = [&](int axis) { return static_cast<int>(image.shape()[axis]); };
  std::string out;
  stbi_write_png_to_func(append, &out, extent(1), extent(0), extent(2), pixels.data(),
                         extent(1) * extent(2));
  return out;
}

/// Names of classes may hold what a file name may not.
std::string file_name(int64_t number, const std::string& label) {
  std::string name = std::to_string(number) + "-" + label + ".png";
  std::ranges::replace_if(
      name, [](char c) { return c == '/' || c == ' '; }, '_');
  return name;
}

}  // namespace

std::vector<std::string> write_samples(const data::Dataset& dataset, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw WriteError(folder + ": could not be created: " + error.message());
  std::vector<std::string> paths;
  data::Sample sample;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    dataset.get(i, sample);
    const std::string& label = dataset.class_names()[static_cast<size_t>(sample.label)];
    paths.push_back(folder + "/" + file_name(i, label));
    write_file(paths.back(), png(sample.image));
  }
  return paths;
}

}  // namespace fracbit::apps
