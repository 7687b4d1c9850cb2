// Stands in for libFuzzer: runs a target on files and on damaged copies of them, from a fixed seed.
// usage: fuzz_NAME FILE...
// -Dlibfuzzer=true builds programs libfuzzer_NAME that search further.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "fracbit/framework/random.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kCopies = 2000;

Bytes read_bytes(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// One to four changes: a byte replaced, a bit flipped, a byte inserted, a byte removed, the end
// cut.
Bytes damaged(Bytes bytes, uint64_t copy) {
  const fracbit::Random random(1, 0, copy, fracbit::Purpose::permutation);
  const int64_t changes = 1 + random.below(0, 4);
  for (int64_t i = 1; i <= changes && !bytes.empty(); ++i) {
    const auto at =
        static_cast<std::ptrdiff_t>(random.below(4 * i, static_cast<int64_t>(bytes.size())));
    const auto value = static_cast<uint8_t>(random.below(4 * i + 1, 256));
    const auto place = bytes.begin() + at;
    switch (random.below(4 * i + 2, 5)) {
      case 0:
        *place = value;
        break;
      case 1:
        *place = static_cast<uint8_t>(*place ^ 1u << value % 8);
        break;
      case 2:
        bytes.insert(place, value);
        break;
      case 3:
        bytes.erase(place);
        break;
      default:
        bytes.erase(place, bytes.end());
        break;
    }
  }
  return bytes;
}

void run(const Bytes& bytes) {
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    const Bytes seed = read_bytes(arguments[i]);
    if (seed.empty()) {
      std::fprintf(stderr, "%s: cannot be read\n", arguments[i]);
      return 1;
    }
    run(seed);
    for (uint64_t copy = 0; copy < kCopies; ++copy) run(damaged(seed, copy));
  }
  return 0;
}
