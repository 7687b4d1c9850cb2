#include "fracbit/framework/large_buffers.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

namespace fracbit {
namespace {

constexpr auto kAlignment = std::align_val_t(64);
// Under AddressSanitizer a region is one buffer, so that it sees what is written past its end.
#if defined(__SANITIZE_ADDRESS__)  // GCC
constexpr bool kShare = false;
#elif defined(__has_feature)  // Clang
constexpr bool kShare = !__has_feature(address_sanitizer);
#else
constexpr bool kShare = true;
#endif
constexpr size_t kFirstRegion = size_t{1} << 26;
constexpr size_t kMostRegion = size_t{1} << 30;

}  // namespace

bool LargeBuffers::find(size_t bytes, Place& place) {
  bool found = false, was_used = false;
  for (size_t r = 0; r < regions_.size(); ++r) {
    Region& region = regions_[r];
    for (auto hole = region.holes.begin(); hole != region.holes.end(); ++hole) {
      if (hole->second < bytes) continue;
      const bool used = hole->first + bytes <= region.touched;
      const bool smaller = used && was_used && hole->second < place.hole->second;
      if (found && !smaller && (was_used || !used)) continue;
      place = {r, hole};
      found = true, was_used = used;
    }
  }
  return found;
}

void LargeBuffers::add_region(size_t bytes) {
  size_t size = bytes;
  if (kShare) {
    const size_t last = regions_.empty() ? kFirstRegion / 2 : regions_.back().size;
    size = std::max(bytes, std::min(kMostRegion, std::max(kFirstRegion, 2 * last)));
  }
  auto* memory = static_cast<char*>(::operator new(size, kAlignment, std::nothrow));
  if (memory == nullptr) {
    release();
    size = bytes;
    memory = static_cast<char*>(::operator new(size, kAlignment));
  }
  regions_.push_back({memory, size, 0, {{0, size}}});
}

void* LargeBuffers::take(size_t bytes) {
  Place place{};
  if (!find(bytes, place)) {
    add_region(bytes);
    place = {regions_.size() - 1, regions_.back().holes.begin()};
  }
  Region& region = regions_[place.region];
  const auto [offset, size] = *place.hole;
  if (size > bytes) region.holes.emplace(offset + bytes, size - bytes);
  region.holes.erase(offset);
  const size_t end = std::max(region.touched, offset + bytes);
  touched_ += static_cast<int64_t>(end - region.touched);
  in_use_ += static_cast<int64_t>(bytes);
  region.touched = end;
  return region.memory + offset;
}

void LargeBuffers::give_back(void* buffer, size_t bytes) noexcept {
  in_use_ -= static_cast<int64_t>(bytes);
  auto* first = static_cast<char*>(buffer);
  const auto region = std::find_if(regions_.begin(), regions_.end(), [=](const Region& r) {
    return r.memory <= first && first < r.memory + r.size;
  });
  auto offset = static_cast<size_t>(first - region->memory);
  auto next = region->holes.lower_bound(offset);
  if (next != region->holes.end() && next->first == offset + bytes) {
    bytes += next->second;
    next = region->holes.erase(next);
  }
  if (next != region->holes.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == offset) {
      before->second += bytes;
      return;
    }
  }
  try {
    region->holes.emplace(offset, bytes);
  } catch (const std::bad_alloc&) {
    // The hole is lost until the region is.
  }
}

void LargeBuffers::release() {
  std::erase_if(regions_, [&](const Region& region) {
    if (region.holes.size() != 1 || region.holes.begin()->second != region.size) return false;
    touched_ -= static_cast<int64_t>(region.touched);
    ::operator delete(region.memory, kAlignment);
    return true;
  });
}

}  // namespace fracbit
