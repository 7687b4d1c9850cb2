#include "fracbit/data/idx_images.h"

namespace fracbit::data::catalogue {
namespace {

// LeCun's own server no longer gives them to everyone; this mirror has the same bytes.
#define FRACBIT_MIRROR "https://ossci-datasets.s3.amazonaws.com/mnist/"
constexpr OfficialFile kFiles[] = {
    {"train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873",
     FRACBIT_MIRROR "train-images-idx3-ubyte.gz"},
    {"train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432",
     FRACBIT_MIRROR "train-labels-idx1-ubyte.gz"},
    {"t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3",
     FRACBIT_MIRROR "t10k-images-idx3-ubyte.gz"},
    {"t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c",
     FRACBIT_MIRROR "t10k-labels-idx1-ubyte.gz"},
    {"train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"},
    {"train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"},
    {"t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"},
    {"t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"},
};
#undef FRACBIT_MIRROR

std::shared_ptr<const Dataset> open(const Entry& self, const OpenOptions& options) {
  return open_idx_images(self, options);
}

}  // namespace

const Entry& mnist() {
  static const Entry entry = {
      .name = "mnist",
      .summary = "handwritten digits, 28x28 grey, 60000 train + 10000 test",
      .source = "http://yann.lecun.com/exdb/mnist/",
      .paper = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition",
      .files = kFiles,
      .folder = "mnist",
      .info = {.name = "mnist",
               .image_shape = {28, 28, 1},
               .class_names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
               .mean = {0.13066048},
               .deviation = {0.30810780}},
      .open = open};
  return entry;
}

}  // namespace fracbit::data::catalogue
