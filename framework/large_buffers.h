#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace fracbit {

/// Large buffers cut from few regions of memory, so that what one size has left another one uses.
/// Regions are asked for ahead of need; the system gives their pages when they are first written.
/// Not for several threads at once.
class LargeBuffers {
 public:
  static constexpr size_t kUnit = 1 << 16;

  /// `bytes` is a multiple of kUnit. Throws std::bad_alloc.
  void* take(size_t bytes);
  void give_back(void* buffer, size_t bytes) noexcept;

  /// Bytes that were in use before and now are not.
  int64_t cached() const { return touched_ - in_use_; }
  /// Gives regions back to the system of which nothing is in use.
  void release();

 private:
  struct Region {
    char* memory;
    size_t size;
    size_t touched = 0;              ///< bytes from the start that have been in use
    std::map<size_t, size_t> holes;  ///< offset -> bytes; neighbours are one
  };
  struct Place {
    size_t region;
    std::map<size_t, size_t>::iterator hole;
  };

  /// The smallest hole in memory that was in use before, or else the first one.
  bool find(size_t bytes, Place& place);
  void add_region(size_t bytes);

  std::vector<Region> regions_;
  int64_t touched_ = 0;
  int64_t in_use_ = 0;
};

}  // namespace fracbit
