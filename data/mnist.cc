#include "fracbit/data/idx_images.h"

namespace fracbit::data::catalogue {
namespace {

// LeCun's own server no longer gives them to everyone; this mirror has the same bytes.
#define FRACBIT_MIRROR "https://ossci-datasets.s3.amazonaws.com/mnist/"
constexpr OfficialFile kFiles[] = {
    {"train-images-idx3-ubyte.gz", FRACBIT_MIRROR "train-images-idx3-ubyte.gz",
     "f68b3c2dcbeaaa9fbdd348bbdeb94873"},
    {"train-labels-idx1-ubyte.gz", FRACBIT_MIRROR "train-labels-idx1-ubyte.gz",
     "d53e105ee54ea40749a09fcbcd1e9432"},
    {"t10k-images-idx3-ubyte.gz", FRACBIT_MIRROR "t10k-images-idx3-ubyte.gz",
     "9fb629c4189551a2d022fa330f9573f3"},
    {"t10k-labels-idx1-ubyte.gz", FRACBIT_MIRROR "t10k-labels-idx1-ubyte.gz",
     "ec29112dd5afa0611ce80d1b7f02629c"},
};
#undef FRACBIT_MIRROR

std::shared_ptr<const Dataset> open(const OpenOptions& options, const DatasetInfo& info) {
  return open_idx_images(options, info);
}

}  // namespace

const Entry& mnist() {
  static const Entry entry = {
      .name = "mnist",
      .summary = "handwritten digits, 28x28 grey, 60000 train + 10000 test",
      .source = "http://yann.lecun.com/exdb/mnist/",
      .paper = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition",
      .files = kFiles,
      .info = {.name = "mnist",
               .image_shape = {28, 28, 1},
               .class_names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
               .mean = {0.13066048},
               .deviation = {0.30810780}},
      .open = open};
  return entry;
}

}  // namespace fracbit::data::catalogue
