#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fracbit {

/// The candidate with the smallest edit distance to `name` (insertions, deletions, replacements and
/// swaps of neighbours, upper and lower case alike); the first one of several. Empty if none is
/// closer than half the length of the longer word, so that a hint is never a wild guess.
std::string nearest(std::string_view name, std::span<const std::string_view> candidates);

/// " (nearest: 'lenet5')", or nothing when nearest() has no suggestion; to end an error message.
std::string nearest_hint(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace fracbit
