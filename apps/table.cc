#include "fracbit/apps/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace fracbit::apps {

std::string Table::text() const {
  std::vector<size_t> widths(alignment_.size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  size_t total = 0;
  for (size_t width : widths) total += width + 2;
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const size_t space = widths[i] - row[i].size();
      if (i > 0) line += "  ";
      if (alignment_[i] == 'r') line.append(space, ' ');
      line += row[i];
      if (alignment_[i] == 'l') line.append(space, ' ');
    }
    if (row.empty()) line.assign(total - 2, '-');
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string fixed(double number, int digits) {
  if (!std::isfinite(number)) return std::isnan(number) ? "nan" : (number > 0 ? "inf" : "-inf");
  char buffer[400];
  const auto result =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed, digits);
  return {buffer, result.ptr};
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::clamp(std::round(seconds), 0.0, 1e12));
  const auto two = [](int64_t n) { return std::to_string(n / 10) + std::to_string(n % 10); };
  const std::string tail = two(whole % 60);
  if (whole < 3600) return std::to_string(whole / 60) + ":" + tail;
  return std::to_string(whole / 3600) + ":" + two(whole / 60 % 60) + ":" + tail;
}

std::string bytes_text(double bytes) {
  static constexpr const char* kUnits[] = {" B", " kB", " MB", " GB", " TB"};
  size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < std::size(kUnits)) {
    bytes /= 1000;
    ++unit;
  }
  return fixed(bytes, unit > 0 && bytes < 100 ? 1 : 0) + kUnits[unit];
}

}  // namespace fracbit::apps
