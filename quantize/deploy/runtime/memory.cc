#include "fracbit/quantize/deploy/runtime/memory.h"

#include <cstring>

namespace fracbit::deploy::runtime {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

Memory::Memory(int64_t bytes) : bytes_(bytes) {
  data_ = static_cast<std::byte*>(::operator new(static_cast<size_t>(bytes), kAlignment));
  std::memset(data_, 0, static_cast<size_t>(bytes));
}

Memory::~Memory() {
  if (data_ != nullptr) ::operator delete(data_, kAlignment);
}

Memory MemoryPool::find(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  for (Memory& memory : free_) {
    if (memory.bytes() < bytes) continue;
    std::swap(memory, free_.back());
    Memory found = std::move(free_.back());
    free_.pop_back();
    return found;
  }
  return {};
}

void MemoryPool::give_back(Memory memory) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    free_.push_back(std::move(memory));
  } catch (const std::bad_alloc&) {
    // Then it is freed instead.
  }
}

}  // namespace fracbit::deploy::runtime
