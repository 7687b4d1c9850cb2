#include "fracbit/quantize/granularity.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/option.h"

namespace fracbit::quantize {
namespace {

constexpr int64_t kWordFilters = 16;
constexpr int64_t kWordChannels = 64;

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// The units of a weight tensor. A unit is `rows` runs of `run` elements, one run per filter.
class Units {
 public:
  Units(const Shape& shape, Granularity granularity) {
    filters_ = shape.rank() == 0 ? 1 : shape[0];
    const int64_t each = shape.stride0();
    const int64_t channels = shape.rank() < 2 ? each : shape.back();
    const bool word = granularity == Granularity::word;
    stride_ = each;
    line_ = word ? channels : each;
    run_ = word ? kWordChannels : std::max<int64_t>(1, each);
    height_ = word ? kWordFilters : 1;
    per_line_ = ceil_div(line_, run_);
    per_filter_ = line_ == 0 ? 0 : each / line_ * per_line_;
  }

  int64_t count() const { return ceil_div(filters_, height_) * per_filter_; }
  int64_t size(int64_t unit) const { return rows(unit) * length(unit); }
  /// Calls body(first element, count) for each run of a unit.
  template <typename Body>
  void for_each_run(int64_t unit, const Body& body) const {
    const int64_t within = unit % per_filter_;
    const int64_t offset = within / per_line_ * line_ + within % per_line_ * run_;
    const int64_t first = unit / per_filter_ * height_;
    for (int64_t row = 0; row < rows(unit); ++row) {
      body((first + row) * stride_ + offset, length(unit));
    }
  }

 private:
  int64_t rows(int64_t unit) const {
    return std::min(height_, filters_ - unit / per_filter_ * height_);
  }
  int64_t length(int64_t unit) const {
    return std::min(run_, line_ - unit % per_filter_ % per_line_ * run_);
  }

  int64_t filters_, stride_, line_, run_, height_, per_line_, per_filter_;
};

std::vector<double> mean_keys(const Units& units, const UnitKeys& keys) {
  std::vector<double> means(static_cast<size_t>(units.count()));
  parallel_for(units.count(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      double sum = 0;
      units.for_each_run(unit,
                         [&](int64_t first, int64_t count) { sum += keys.sum(first, count); });
      const double mean = sum / static_cast<double>(units.size(unit));
      // NaN has no place in an order.
      means[static_cast<size_t>(unit)] =
          mean == mean ? mean : std::numeric_limits<double>::infinity();
    }
  });
  return means;
}

}  // namespace

Granularity granularity_named(std::string_view name) {
  one_of("bit-granularity", name, {"parameter", "word", "filter"});
  if (name == "parameter") return Granularity::parameter;
  return name == "word" ? Granularity::word : Granularity::filter;
}

int64_t unit_count(const Shape& shape, Granularity granularity) {
  return granularity == Granularity::parameter ? shape.size() : Units(shape, granularity).count();
}

void assign_unit_widths(const Shape& shape, Granularity granularity, const UnitKeys& keys,
                        const BitShares& shares, std::span<uint8_t> widths) {
  const Units units(shape, granularity);
  const std::vector<double> means = mean_keys(units, keys);
  std::vector<int64_t> order(means.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return means[static_cast<size_t>(a)] < means[static_cast<size_t>(b)];
  });
  const auto counts = cumulative_counts(shares, static_cast<int64_t>(widths.size()));
  int64_t before = 0;
  for (const int64_t unit : order) {
    const int64_t middle = before + (units.size(unit) - 1) / 2;
    const auto width = static_cast<uint8_t>(1 + (middle >= counts[0]) + (middle >= counts[1]));
    units.for_each_run(unit, [&](int64_t first, int64_t count) {
      std::fill_n(widths.begin() + first, count, width);
    });
    before += units.size(unit);
  }
}

}  // namespace fracbit::quantize
