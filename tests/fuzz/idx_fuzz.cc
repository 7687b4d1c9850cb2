#include "fracbit/data/idx.h"
#include "fracbit/framework/error.h"

// Any bytes give an array that fits its extents, or a FileError.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  for (const int rank : {1, 3}) {
    try {
      const fracbit::data::IdxArray array =
          fracbit::data::parse_idx({bytes, bytes + size}, rank, "file");
      int64_t values = 1;
      for (const int64_t extent : array.extents) values *= extent;
      if (values != static_cast<int64_t>(array.values.size())) __builtin_trap();
    } catch (const fracbit::FileError&) {
    }
  }
  return 0;
}
