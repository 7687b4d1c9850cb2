#pragma once

#include <functional>

#include "fracbit/framework/ops/integer_levels/filters.h"

namespace fracbit::ops::integer_levels {

/// A product of all windows of all images with the same filters.
struct Job {
  const Windows* windows;
  const Filters* filters;
  int64_t images;
  /// Writes an image into groups.
  std::function<void(int64_t image, uint8_t* to)> build;
  /// Says where the results of an image go: out, or scale and y, of its first pixel and lane.
  std::function<void(int64_t image, intdot::Product& product)> target;
  void (*kernel)(const intdot::Product&) noexcept;
};

/// Runs it, in parallel over images, or over pieces of them where they are few.
void run(const Job& job);

}  // namespace fracbit::ops::integer_levels
