#pragma once

#include <algorithm>
#include <cstdlib>

namespace fracbit::testing {

/// How many random cases a test of a kernel runs: `usual`, quick enough for every day, or the
/// number in the environment variable FRACBIT_CASES where that is more.
inline int cases(int usual) {
  const char* asked = std::getenv("FRACBIT_CASES");
  return std::max(usual, asked == nullptr ? 0 : std::atoi(asked));
}

}  // namespace fracbit::testing
