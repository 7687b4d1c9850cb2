#include "fracbit/data/cifar.h"
#include "fracbit/framework/error.h"

// Any bytes give one image with a label in range, or a FileError.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> labels;
  try {
    fracbit::data::parse_cifar({bytes, size}, {.label_bytes = 1, .classes = 10, .records = 1},
                               "file", pixels, labels);
    if (pixels.size() != 3072 || labels.size() != 1 || labels[0] > 9) __builtin_trap();
  } catch (const fracbit::FileError&) {
  }
  return 0;
}
