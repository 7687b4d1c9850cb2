#pragma once

#include <array>
#include <charconv>
#include <string>

namespace fracbit {

/// The shortest text that reads back as the same number, the same in every locale.
template <typename Number>
std::string digits(Number value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

/// With `places` digits after the point; |value| < 1e15.
inline std::string digits(double value, int places) {
  std::array<char, 64> text{};
  char* end = text.data() + text.size();
  return {text.data(),
          std::to_chars(text.data(), end, value, std::chars_format::fixed, places).ptr};
}

}  // namespace fracbit
