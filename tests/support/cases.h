#pragma once

#include <algorithm>
#include <cstdlib>

namespace fracbit::testing {

// AddressSanitizer makes a case several times as long.
#if defined(__SANITIZE_ADDRESS__)  // GCC
inline constexpr int kFewer = 5;
#elif defined(__has_feature)  // Clang
inline constexpr int kFewer = __has_feature(address_sanitizer) ? 5 : 1;
#else
inline constexpr int kFewer = 1;
#endif

/// How many random cases a test of a kernel runs: `usual`, quick enough for every day, or a fifth
/// of that under AddressSanitizer; the number in the environment variable FRACBIT_CASES where that
/// is more.
inline int cases(int usual) {
  const char* asked = std::getenv("FRACBIT_CASES");
  return std::max(usual / kFewer, asked == nullptr ? 0 : std::atoi(asked));
}

}  // namespace fracbit::testing
