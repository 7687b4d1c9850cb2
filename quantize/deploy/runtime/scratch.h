#pragma once

#include <cstddef>
#include <cstdint>

namespace fracbit::deploy::runtime {

/// Bytes of `count` elements of T in a Scratch.
template <typename T>
constexpr int64_t scratch_bytes_of(int64_t count) {
  return (count * static_cast<int64_t>(sizeof(T)) + 63) / 64 * 64;
}

/// Cuts a task's memory into arrays, each aligned to 64 bytes.
class Scratch {
 public:
  explicit Scratch(std::byte* begin) : at_(begin) {}

  template <typename T>
  T* take(int64_t count) {
    T* taken = reinterpret_cast<T*>(at_);
    at_ += scratch_bytes_of<T>(count);
    return taken;
  }

 private:
  std::byte* at_;
};

}  // namespace fracbit::deploy::runtime
