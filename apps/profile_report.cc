#include "fracbit/apps/profile_report.h"

#include <algorithm>

#include "fracbit/apps/table.h"

namespace fracbit::apps {
namespace {

const char* limit_name(bool by_macs, double bound) {
  return bound == 0 ? "-" : by_macs ? "FMA" : "memory";
}

std::string percent(double part, double whole) {
  return whole > 0 && part > 0 ? fixed(100 * part / whole, 1) : "-";
}

}  // namespace

ProfileReport::ProfileReport(const std::vector<Profile::Row>& rows, int64_t steps,
                             const Limits& limits)
    : steps_(static_cast<double>(steps)), limits_(limits) {
  for (int p = 0; p < kPhases; ++p) phases_.push_back({.phase = static_cast<Phase>(p)});
  for (const Profile::Row& row : rows) {
    for (Line& sum : phases_) {
      const Profile::Cost& cost = row.phases[static_cast<size_t>(sum.phase)];
      if (cost.seconds == 0) continue;
      lines_.push_back(line(row.layer.empty() ? "(rest)" : row.layer, sum.phase, cost));
      sum.seconds += lines_.back().seconds;
      sum.bound += lines_.back().bound;
    }
  }
}

ProfileReport::Line ProfileReport::line(const std::string& layer, Phase phase,
                                        const Profile::Cost& cost) const {
  const double by_macs = cost.work.macs / limits_.macs_per_second;
  const double by_bytes = cost.work.bytes / limits_.bytes_per_second;
  return {layer, phase, cost.seconds / steps_, std::max(by_macs, by_bytes) / steps_,
          by_macs > by_bytes};
}

double ProfileReport::total() const {
  double seconds = 0;
  for (const Line& phase : phases_) seconds += phase.seconds;
  return seconds;
}

std::string ProfileReport::text() const {
  constexpr double kShown = 0.001;  // of the step
  const double all = total();
  Table table("llrrrl");
  table.add({"layer", "phase", "ms", "% of step", "% of limit", "limit"});
  table.rule();
  double hidden = 0;
  for (const Line& l : lines_) {
    if (l.seconds < kShown * all) {
      hidden += l.seconds;
      continue;
    }
    table.add({l.layer, phase_name(l.phase), fixed(1000 * l.seconds, 3), percent(l.seconds, all),
               percent(l.bound, l.seconds), limit_name(l.by_macs, l.bound)});
  }
  table.add({"(small)", "", fixed(1000 * hidden, 3), percent(hidden, all), "", ""});
  table.rule();
  for (const Line& l : phases_) {
    table.add({"all", phase_name(l.phase), fixed(1000 * l.seconds, 3), percent(l.seconds, all),
               percent(l.bound, l.seconds), ""});
  }
  return table.text() + "\nlimits: " + fixed(limits_.macs_per_second / 1e9, 1) +
         " billion multiply-accumulates a second, " + fixed(limits_.bytes_per_second / 1e9, 1) +
         " GB/s copied\n";
}

nlohmann::ordered_json ProfileReport::json() const {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const Line& l : lines_) {
    nlohmann::ordered_json row = {
        {"layer", l.layer}, {"phase", phase_name(l.phase)}, {"milliseconds", 1000 * l.seconds}};
    if (l.bound > 0) {
      row["limit"] = limit_name(l.by_macs, l.bound);
      row["share_of_limit"] = l.bound / l.seconds;
    }
    lines.push_back(std::move(row));
  }
  return {{"giga_macs_per_second", limits_.macs_per_second / 1e9},
          {"gigabytes_per_second", limits_.bytes_per_second / 1e9},
          {"milliseconds", 1000 * total()},
          {"layers", std::move(lines)}};
}

}  // namespace fracbit::apps
