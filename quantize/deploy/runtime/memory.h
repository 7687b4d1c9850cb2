#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace fracbit::deploy::runtime {

/// Zeroed memory, aligned to 64 bytes.
class Memory {
 public:
  Memory() = default;
  explicit Memory(int64_t bytes);
  Memory(Memory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Memory& operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Memory();

  std::byte* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  int64_t bytes_ = 0;
};

/// Pieces of memory that are used again and again, from any thread.
class MemoryPool {
 public:
  /// A piece that returns to its pool.
  class Loan {
   public:
    Loan(MemoryPool& pool, Memory memory) : pool_(pool), memory_(std::move(memory)) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool_.give_back(std::move(memory_)); }
    std::byte* data() const { return memory_.data(); }

   private:
    MemoryPool& pool_;
    Memory memory_;
  };

  /// A piece of at least that size, as the last user left it; a new one is zeros, then
  /// fill(data). Throws std::bad_alloc.
  template <typename Fill>
  Loan take(int64_t bytes, const Fill& fill) {
    if (Memory found = find(bytes); found.data() != nullptr) return {*this, std::move(found)};
    Memory made(bytes);
    fill(made.data());
    return {*this, std::move(made)};
  }
  Loan take(int64_t bytes) {
    return take(bytes, [](std::byte*) {});
  }

 private:
  /// Nothing if there is none.
  Memory find(int64_t bytes);
  void give_back(Memory memory) noexcept;

  std::mutex mutex_;
  std::vector<Memory> free_;
};

}  // namespace fracbit::deploy::runtime
