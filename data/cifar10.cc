#include "fracbit/data/cifar.h"

namespace fracbit::data::catalogue {
namespace {

constexpr OfficialFile kFiles[] = {
    {"cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530",
     "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"},
    {"data_batch_1.bin", "5dd7e06a14cb22eb9f671a540d1b7c25"},
    {"data_batch_2.bin", "5ea93a67294ea407fff1d09f752e9692"},
    {"data_batch_3.bin", "942cd6a4bcdd0dd3c604fbe906cb4421"},
    {"data_batch_4.bin", "ae636b3ba5c66a11e91e8cb52e771fcb"},
    {"data_batch_5.bin", "53f37980c15c3d472c316c40844f3f0d"},
    {"test_batch.bin", "803d5f7f4d78ea53de84dbe85f74fb6d"},
};

std::shared_ptr<const Dataset> open(const Entry& self, const OpenOptions& options) {
  std::vector<std::string> files = {"test_batch.bin"};
  if (options.split == "train") {
    files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
             "data_batch_5.bin"};
  }
  return open_cifar(self, options, files, {.label_bytes = 1, .classes = 10, .records = 10000});
}

}  // namespace

const Entry& cifar10() {
  static const Entry entry = {
      .name = "cifar10",
      .summary = "photographs of animals and vehicles, 32x32 colour, 50000 train + 10000 test",
      .source = "https://www.cs.toronto.edu/~kriz/cifar.html",
      .paper = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
      .files = kFiles,
      .folder = "cifar-10-batches-bin",
      .info = {.name = "cifar10",
               .image_shape = {32, 32, 3},
               .class_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
                               "horse", "ship", "truck"},
               .mean = {0.49139966, 0.48215827, 0.44653080},
               .deviation = {0.24702950, 0.24348449, 0.26158695}},
      .open = open};
  return entry;
}

}  // namespace fracbit::data::catalogue
