#include "fracbit/data/idx_images.h"

namespace fracbit::data::catalogue {
namespace {

#define FRACBIT_SERVER "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
constexpr OfficialFile kFiles[] = {
    {"train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
     FRACBIT_SERVER "train-images-idx3-ubyte.gz"},
    {"train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe",
     FRACBIT_SERVER "train-labels-idx1-ubyte.gz"},
    {"t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79",
     FRACBIT_SERVER "t10k-images-idx3-ubyte.gz"},
    {"t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310",
     FRACBIT_SERVER "t10k-labels-idx1-ubyte.gz"},
};
#undef FRACBIT_SERVER

std::shared_ptr<const Dataset> open(const Entry& self, const OpenOptions& options) {
  return open_idx_images(self, options);
}

}  // namespace

const Entry& fashion_mnist() {
  static const Entry entry = {
      .name = "fashion-mnist",
      .summary = "articles of clothing, 28x28 grey, 60000 train + 10000 test",
      .source = "https://github.com/zalandoresearch/fashion-mnist",
      .paper = "Xiao et al. 2017, Fashion-MNIST: a Novel Image Dataset",
      .files = kFiles,
      .folder = "fashion-mnist",
      .info = {.name = "fashion-mnist",
               .image_shape = {28, 28, 1},
               .class_names = {"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal",
                               "shirt", "sneaker", "bag", "ankle boot"},
               .mean = {0.28604059},
               .deviation = {0.35302424}},
      .open = open};
  return entry;
}

}  // namespace fracbit::data::catalogue
