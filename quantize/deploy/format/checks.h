#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/quantize/deploy/model.h"

namespace fracbit::deploy {

// Limits that keep the time and memory of any file in bounds; the networks of the papers are far
// below all of them.
inline constexpr int64_t kMostExtent = 1 << 20;             ///< pixels along an axis, channels
inline constexpr int64_t kMostElements = int64_t{1} << 26;  ///< of one activation
inline constexpr int64_t kMostKernel = 1 << 16;             ///< extents of kernels, strides
inline constexpr int kMostTerms = 8;
inline constexpr int64_t kMostOps = 4096;

/// Throws ConfigError "expects WHAT" unless it holds.
inline void require(bool holds, const char* what) {
  if (!holds) throw ConfigError(std::string("expects ") + what);
}

/// Throws ConfigError unless low <= value <= high.
inline void require_between(const char* name, int64_t value, int64_t low, int64_t high) {
  if (low <= value && value <= high) return;
  throw ConfigError(std::string("expects ") + name + " of " + std::to_string(low) + " to " +
                    std::to_string(high) + ", found " + std::to_string(value));
}

/// Throws ConfigError unless there are `count` values.
template <typename T>
void require_count(const char* name, const std::vector<T>& values, int64_t count) {
  if (static_cast<int64_t>(values.size()) == count) return;
  throw ConfigError(std::string("expects ") + std::to_string(count) + " " + name + ", found " +
                    std::to_string(values.size()));
}

/// Throws ConfigError for an infinity or NaN.
inline void require_finite(const char* name, std::span<const float> values) {
  for (const float value : values) {
    if (std::isfinite(value)) continue;
    throw ConfigError(std::string("expects finite numbers as ") + name);
  }
}

/// Top level of a code.
inline int32_t top_of(int bits) {
  return (int32_t{1} << bits) - 1;
}

/// Largest magnitude of a sum of integer scales, [groups][terms].
int32_t largest_level(const std::vector<int16_t>& levels, size_t terms);

/// Extents of weights that are worth reading.
void check_extents(const Weights& weights);
/// Numbers of scales and of integer scales, and their ranges, of weights in planes.
void check_scales(const Weights& weights);
/// What trace() says of weights by themselves.
void check_weights(const Weights& weights);
/// Puts the form of an output into `value`.
void apply_output(const Output& output, Value& value);

}  // namespace fracbit::deploy
