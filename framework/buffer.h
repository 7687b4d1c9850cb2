#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

namespace fracbit {

/// The process-wide pool of 64-byte aligned buffers that tensors live in: a training step asks for
/// the same sizes again and again. Throws std::bad_alloc.
void* pool_take(int64_t bytes);
/// Gives back what pool_take(bytes) returned.
void pool_give_back(void* buffer, int64_t bytes) noexcept;

/// A fixed number of elements in one pooled, 64-byte aligned buffer. A regular value: copies are
/// deep, moves are cheap. Elements are not initialised.
template <typename T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(int64_t size) : size_(size) {
    if (size > std::numeric_limits<int64_t>::max() / 64) throw std::bad_alloc();
    if (size > 0) data_ = static_cast<T*>(pool_take(bytes()));
  }
  Buffer(const Buffer& other) : Buffer(other.size_) { std::copy_n(other.data_, size_, data_); }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) pool_give_back(data_, bytes());
  }

  int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t bytes() const { return size_ * static_cast<int64_t>(sizeof(T)); }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](int64_t i) { return data_[i]; }
  const T& operator[](int64_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  void fill(T value) { std::fill_n(data_, size_, value); }

  friend bool operator==(const Buffer& a, const Buffer& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  T* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace fracbit
