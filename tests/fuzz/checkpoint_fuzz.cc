#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fracbit/framework/checkpoint.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/safetensors.h"

namespace {

/// A file in memory, and a path that opens it.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const uint8_t> bytes) : descriptor_(::memfd_create("fuzz", 0)) {
    const auto size = static_cast<ssize_t>(bytes.size());
    if (::write(descriptor_, bytes.data(), bytes.size()) != size) __builtin_trap();
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

// Any bytes give tensors that lie inside the file, or a FileError.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const MemoryFile file({bytes, size});
  try {
    const fracbit::SafetensorsReader reader(file.path());
    for (const fracbit::SafetensorsEntry& entry : reader.entries()) {
      std::vector<std::byte> values(static_cast<size_t>(entry.bytes));
      reader.read(entry, values);
    }
    const fracbit::Checkpoint checkpoint = fracbit::load_checkpoint(file.path());
    if (checkpoint.position.batch > checkpoint.position.batches) __builtin_trap();
  } catch (const fracbit::FileError&) {
  }
  return 0;
}
