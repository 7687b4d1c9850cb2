#include "fracbit/framework/nearest.h"

#include <algorithm>
#include <vector>

namespace fracbit {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Optimal string alignment distance.
size_t distance(std::string_view a, std::string_view b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> table((a.size() + 1) * width);
  for (size_t i = 0; i <= a.size(); ++i) table[i * width] = i;
  for (size_t j = 0; j <= b.size(); ++j) table[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t* above = &table[(i - 1) * width];
      size_t* row = &table[i * width];
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], table[(i - 2) * width + j - 2] + 1);
    }
  }
  return table.back();
}

}  // namespace

std::string nearest(std::string_view name, std::span<const std::string_view> candidates) {
  constexpr size_t kLongestName = 256;
  if (name.size() > kLongestName) return {};
  std::string_view best;
  size_t best_distance = 0;
  for (std::string_view candidate : candidates) {
    const size_t found = distance(name, candidate);
    if (2 * found >= std::max(name.size(), candidate.size())) continue;
    if (best.empty() || found < best_distance) {
      best = candidate;
      best_distance = found;
    }
  }
  return std::string(best);
}

std::string nearest_hint(std::string_view name, std::span<const std::string_view> candidates) {
  const std::string found = nearest(name, candidates);
  return found.empty() ? std::string() : " (nearest: '" + found + "')";
}

}  // namespace fracbit
