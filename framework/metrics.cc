#include "fracbit/framework/metrics.h"

#include <unistd.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "fracbit/framework/atomic_file.h"
#include "fracbit/framework/digits.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/input_file.h"
#include "fracbit/framework/ops/labels.h"

namespace fracbit {

namespace {

using Json = nlohmann::json;

/// Calls f(name, value) for every column, in file order.
template <typename Report, typename F>
void each_column(Report& report, const F& f) {
  f("epoch", report.epoch);
  f("step", report.step);
  f("lr", report.lr);
  f("train_loss", report.train_loss);
  f("train_top1", report.train_top1);
  f("test_loss", report.test_loss);
  f("test_top1", report.test_top1);
  f("test_top5", report.test_top5);
  f("images_per_second", report.images_per_second);
  f("seconds", report.seconds);
}

template <typename Number>
std::string text_of(Number value, const char* none) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return none;
  }
  return digits(value);
}

bool read_number(const Json& from, int64_t& value) {
  if (!from.is_number_integer()) return false;
  value = from.get<int64_t>();
  return true;
}

bool read_number(const Json& from, double& value) {
  if (!from.is_number() && !from.is_null()) return false;
  value = from.is_null() ? EpochReport::kNone : from.get<double>();
  return true;
}

/// Logits before `label` in the order of falling values, at most `limit`; limit if one is NaN.
int64_t rank_of(const real* row, int64_t classes, int32_t label, int64_t limit) {
  const real own = row[label];
  int64_t before = 0;
  for (int64_t c = 0; c < classes; ++c) {
    if (std::isnan(row[c])) return limit;
    before += row[c] > own || (row[c] == own && c < label);
  }
  return before;
}

}  // namespace

TopCounts& TopCounts::operator+=(const TopCounts& other) {
  images += other.images;
  top1 += other.top1;
  top5 += other.top5;
  return *this;
}

TopCounts count_top(const Tensor& logits, std::span<const int32_t> labels) {
  ops::check_labels("count_top", logits.shape(), labels);
  const int64_t classes = logits.shape()[1];
  TopCounts counts;
  for (const int32_t label : labels) {
    const int64_t rank = rank_of(logits.data() + counts.images * classes, classes, label, 5);
    counts += {1, rank < 1, rank < 5};
  }
  return counts;
}

double percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string csv_heading() {
  std::string line;
  const EpochReport report;
  each_column(report, [&](const char* name, auto) {
    if (!line.empty()) line += ',';
    line += name;
  });
  return line;
}

std::string to_csv(const EpochReport& report) {
  std::string line;
  each_column(report, [&](const char*, auto value) { line.append(text_of(value, "")) += ','; });
  line.pop_back();
  return line;
}

std::string to_json(const EpochReport& report) {
  std::string line;
  each_column(report, [&](const char* name, auto value) {
    line += line.empty() ? "{\"" : ", \"";
    line.append(name) += "\": ";
    line += text_of(value, "null");
  });
  return line + "}";
}

EpochReport epoch_report_from_json(std::string_view text, const std::string& where) {
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) throw FileError(where + ": expects a JSON object of metrics");
  EpochReport report;
  each_column(report, [&](const char* name, auto& value) {
    if (!read_number(object.value(name, Json("")), value)) {
      throw FileError(where + ": expects a number \"" + name + "\"");
    }
  });
  return report;
}

MetricsLog::MetricsLog(const std::string& folder)
    : csv_(folder + "/metrics.csv"), jsonl_(folder + "/metrics.jsonl") {}

void MetricsLog::read() {
  rows_.clear();
  if (::access(jsonl_.c_str(), F_OK) != 0) return;
  const std::string text = read_text(jsonl_);
  size_t line = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string where = jsonl_ + ":" + std::to_string(++line);
    rows_.push_back(
        epoch_report_from_json(std::string_view(text).substr(begin, end - begin), where));
    begin = end + 1;
  }
}

void MetricsLog::keep_until(int64_t epoch) {
  std::erase_if(rows_, [&](const EpochReport& row) { return row.epoch > epoch; });
  write();
}

void MetricsLog::append(const EpochReport& report) {
  rows_.push_back(report);
  write();
}

void MetricsLog::write() const {
  std::string csv = csv_heading() + "\n";
  std::string jsonl;
  for (const EpochReport& row : rows_) {
    csv += to_csv(row) + "\n";
    jsonl += to_json(row) + "\n";
  }
  write_file(csv_, csv);
  write_file(jsonl_, jsonl);
}

}  // namespace fracbit
