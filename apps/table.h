#pragma once

#include <string>
#include <vector>

namespace fracbit::apps {

/// Rows of text in aligned columns, the first row a heading; columns that hold numbers are flush
/// right.
class Table {
 public:
  /// One letter a column: 'l' flush left, 'r' flush right.
  explicit Table(std::string alignment) : alignment_(std::move(alignment)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// A rule of dashes.
  void rule() { rows_.emplace_back(); }
  std::string text() const;

 private:
  std::string alignment_;
  std::vector<std::vector<std::string>> rows_;
};

/// "12,273,152"
std::string grouped(int64_t number);
/// With a fixed number of digits behind the point.
std::string fixed(double number, int digits);
/// "1:02:03", "4:05"
std::string clock_text(double seconds);
/// "640 B", "6.5 kB", "495 kB", "1.2 MB"; kB is 1000 bytes.
std::string bytes_text(double bytes);

}  // namespace fracbit::apps
