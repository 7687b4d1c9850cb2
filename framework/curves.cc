#include "fracbit/framework/curves.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "fracbit/framework/digits.h"

namespace fracbit {

namespace {

constexpr double kWidth = 960;
constexpr double kHeight = 400;
constexpr double kTop = 84;
constexpr double kBottom = 348;
constexpr double kPanelWidth = 380;

// No CSS variables: simple viewers do not know them.
constexpr std::string_view kStyle = R"(<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #5f6b76; }
.title { font-size: 17px; font-weight: 600; fill: #1f2933; }
.panel { font-size: 14px; font-weight: 600; fill: #1f2933; }
.value { font-weight: 600; fill: #1f2933; }
.paper { fill: #ffffff; }
.grid { stroke: #e4e8ec; }
.axis { stroke: #8a94a0; }
.train, .test { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }
.train { stroke: #98a2ad; }
.test { stroke: #2563eb; }
circle.train { fill: #98a2ad; stroke: none; }
circle.test { fill: #2563eb; stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #9aa5b0; }
  .title, .panel, .value { fill: #e6eaee; }
  .paper { fill: #14181d; }
  .grid { stroke: #2a3138; }
  .train { stroke: #7d8894; }
  .test { stroke: #60a5fa; }
  circle.train { fill: #7d8894; }
  circle.test { fill: #60a5fa; }
}
</style>
)";

struct Series {
  const char* style;
  double EpochReport::*value;
};

struct Panel {
  const char* title;
  double left;
  Series series[2];
  bool percent;
};

constexpr Panel kPanels[] = {
    {"Loss", 64, {{"train", &EpochReport::train_loss}, {"test", &EpochReport::test_loss}}, false},
    {"Accuracy, %",
     544,
     {{"train", &EpochReport::train_top1}, {"test", &EpochReport::test_top1}},
     true}};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
  }
  return out;
}

std::string coordinate(double value) {
  return digits(value, 1);
}

/// 1, 2 or 5 times a power of ten, so that about `count` steps cover `span`.
double nice_step(double span, int count) {
  const double raw = span / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

/// A linear scale that starts and ends at a tick.
struct Scale {
  double low = 0;
  double high = 1;
  double step = 0.2;
  double from = 0;  ///< pixel of low
  double to = 1;    ///< pixel of high

  double operator()(double value) const {
    return from + (value - low) / (high - low) * (to - from);
  }
  int ticks() const { return static_cast<int>(std::lround((high - low) / step)); }
  double tick(int i) const { return low + i * step; }
};

Scale value_scale(const Panel& panel, std::span<const EpochReport> rows) {
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  for (const EpochReport& row : rows) {
    for (const Series& series : panel.series) {
      const double value = row.*series.value;
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (low > high) low = high = 0;
  if (!panel.percent) low = std::min(low, 0.0);
  if (high - low < 1e-6) high = low + 1;
  Scale scale;
  scale.step = nice_step(high - low, 5);
  scale.low = std::floor(low / scale.step + 1e-9) * scale.step;
  scale.high = std::ceil(high / scale.step - 1e-9) * scale.step;
  scale.from = kBottom;
  scale.to = kTop;
  return scale;
}

Scale epoch_scale(const Panel& panel, std::span<const EpochReport> rows) {
  const int64_t first = rows.empty() ? 0 : rows.front().epoch;
  const int64_t last = rows.empty() ? 1 : rows.back().epoch;
  Scale scale;
  scale.low = static_cast<double>(std::min(first, last - 1));
  scale.high = static_cast<double>(last);
  scale.step = std::max(1.0, nice_step(scale.high - scale.low, 8));
  scale.from = panel.left;
  scale.to = panel.left + kPanelWidth;
  return scale;
}

std::string line(const char* style, double x1, double y1, double x2, double y2) {
  return std::string("<line class=\"") + style + "\" x1=\"" + coordinate(x1) + "\" y1=\"" +
         coordinate(y1) + "\" x2=\"" + coordinate(x2) + "\" y2=\"" + coordinate(y2) + "\"/>\n";
}

std::string label(const char* style, const char* anchor, double x, double y,
                  std::string_view text) {
  return std::string("<text class=\"") + style + "\" text-anchor=\"" + anchor + "\" x=\"" +
         coordinate(x) + "\" y=\"" + coordinate(y) + "\">" + escaped(text) + "</text>\n";
}

std::string axes(const Panel& panel, const Scale& x, const Scale& y) {
  const double right = panel.left + kPanelWidth;
  std::string out = label("panel", "start", panel.left, kTop - 16, panel.title);
  const int places = std::max(0, -static_cast<int>(std::floor(std::log10(y.step) + 1e-9)));
  for (int i = 0; i <= y.ticks(); ++i) {
    const double at = y(y.tick(i));
    out += line("grid", panel.left, at, right, at);
    out += label("tick", "end", panel.left - 8, at + 4.5, digits(y.tick(i), places));
  }
  const auto step = static_cast<int64_t>(x.step);
  const auto low = static_cast<int64_t>(x.low);
  for (int64_t epoch = (low + step - 1) / step * step; static_cast<double>(epoch) <= x.high;
       epoch += step) {
    const double at = x(static_cast<double>(epoch));
    out += line("axis", at, kBottom, at, kBottom + 5);
    out += label("tick", "middle", at, kBottom + 21, digits(epoch));
  }
  out += line("axis", panel.left, kBottom, right, kBottom);
  return out + label("tick", "middle", (panel.left + right) / 2, kBottom + 41, "epoch");
}

std::string curve(const Series& series, const Scale& x, const Scale& y,
                  std::span<const EpochReport> rows) {
  std::string path;
  const EpochReport* last = nullptr;
  bool pen_down = false;
  for (const EpochReport& row : rows) {
    const double value = row.*series.value;
    if (!std::isfinite(value)) {
      pen_down = false;
      continue;
    }
    path += (pen_down ? " L" : " M") + coordinate(x(static_cast<double>(row.epoch))) + " " +
            coordinate(y(value));
    pen_down = true;
    last = &row;
  }
  if (last == nullptr) return "";
  return std::string("<path class=\"") + series.style + "\" d=\"" + path.substr(1) +
         "\"/>\n<circle class=\"" + series.style + "\" r=\"3.5\" cx=\"" +
         coordinate(x(static_cast<double>(last->epoch))) + "\" cy=\"" +
         coordinate(y(last->*series.value)) + "\"/>\n";
}

/// Name and last value of each curve, above the panel on the right.
std::string legend(const Panel& panel, std::span<const EpochReport> rows) {
  std::string out;
  double x = panel.left + kPanelWidth;
  for (const Series* series : {&panel.series[1], &panel.series[0]}) {
    const double value = rows.empty() ? EpochReport::kNone : rows.back().*series->value;
    if (!std::isfinite(value)) continue;
    out += label("value", "end", x, kTop - 16, digits(value, panel.percent ? 2 : 4));
    out += label("tick", "end", x - 56, kTop - 16, series->style);
    out += line(series->style, x - 111, kTop - 20.5, x - 95, kTop - 20.5);
    x -= 126;
  }
  return out;
}

}  // namespace

std::string curves_svg(std::span<const EpochReport> rows, std::string_view title) {
  const std::string size = digits(kWidth, 0) + " " + digits(kHeight, 0);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size +
                    "\" role=\"img\" aria-label=\"learning curves\">\n";
  out += kStyle;
  out += "<rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"8\"/>\n";
  out += label("title", "start", kPanels[0].left, 34, title);
  for (const Panel& panel : kPanels) {
    const Scale x = epoch_scale(panel, rows);
    const Scale y = value_scale(panel, rows);
    out += axes(panel, x, y) + legend(panel, rows);
    for (const Series& series : panel.series) out += curve(series, x, y, rows);
  }
  return out + "</svg>\n";
}

}  // namespace fracbit
