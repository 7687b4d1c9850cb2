#include "fracbit/data/cifar.h"

namespace fracbit::data::catalogue {
namespace {

constexpr OfficialFile kFiles[] = {
    {"cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8",
     "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"},
    {"train.bin", "6172c7755cfe09b2fe270c85cebc1b15"},
    {"test.bin", "4499cfba6c016c1be1438163640a0898"},
};

std::vector<std::string> fine_class_names() {
  return {"apple",       "aquarium_fish", "baby",      "bear",       "beaver",       "bed",
          "bee",         "beetle",        "bicycle",   "bottle",     "bowl",         "boy",
          "bridge",      "bus",           "butterfly", "camel",      "can",          "castle",
          "caterpillar", "cattle",        "chair",     "chimpanzee", "clock",        "cloud",
          "cockroach",   "couch",         "crab",      "crocodile",  "cup",          "dinosaur",
          "dolphin",     "elephant",      "flatfish",  "forest",     "fox",          "girl",
          "hamster",     "house",         "kangaroo",  "keyboard",   "lamp",         "lawn_mower",
          "leopard",     "lion",          "lizard",    "lobster",    "man",          "maple_tree",
          "motorcycle",  "mountain",      "mouse",     "mushroom",   "oak_tree",     "orange",
          "orchid",      "otter",         "palm_tree", "pear",       "pickup_truck", "pine_tree",
          "plain",       "plate",         "poppy",     "porcupine",  "possum",       "rabbit",
          "raccoon",     "ray",           "road",      "rocket",     "rose",         "sea",
          "seal",        "shark",         "shrew",     "skunk",      "skyscraper",   "snail",
          "snake",       "spider",        "squirrel",  "streetcar",  "sunflower",    "sweet_pepper",
          "table",       "tank",          "telephone", "television", "tiger",        "tractor",
          "train",       "trout",         "tulip",     "turtle",     "wardrobe",     "whale",
          "willow_tree", "wolf",          "woman",     "worm"};
}

std::shared_ptr<const Dataset> open(const Entry& self, const OpenOptions& options) {
  const bool train = options.split == "train";
  const std::vector<std::string> files = {train ? "train.bin" : "test.bin"};
  // Two labels a record: the coarse one of 20, then the fine one of 100.
  return open_cifar(self, options, files,
                    {.label_bytes = 2, .classes = 100, .records = train ? 50000 : 10000});
}

}  // namespace

const Entry& cifar100() {
  static const Entry entry = {
      .name = "cifar100",
      .summary = "photographs in 100 classes, 32x32 colour, 50000 train + 10000 test",
      .source = "https://www.cs.toronto.edu/~kriz/cifar.html",
      .paper = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
      .files = kFiles,
      .folder = "cifar-100-binary",
      .info = {.name = "cifar100",
               .image_shape = {32, 32, 3},
               .class_names = fine_class_names(),
               .mean = {0.50707516, 0.48654887, 0.44091784},
               .deviation = {0.26733429, 0.25643846, 0.27615047}},
      .open = open};
  return entry;
}

}  // namespace fracbit::data::catalogue
