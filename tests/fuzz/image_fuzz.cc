#include <cmath>

#include "fracbit/data/image.h"
#include "fracbit/framework/error.h"

// Any bytes give an image of finite numbers, or a FileError.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    const fracbit::Tensor image = fracbit::data::decode_image({bytes, size}, {6, 5, 3}, "file");
    for (const fracbit::real x : image.span()) {
      if (!std::isfinite(x)) __builtin_trap();
    }
  } catch (const fracbit::FileError&) {
  }
  return 0;
}
