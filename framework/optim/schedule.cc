#include "fracbit/framework/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "fracbit/framework/error.h"
#include "fracbit/framework/nearest.h"
#include "fracbit/framework/optim/optimizer.h"

namespace fracbit::optim {
namespace {

using Rate = double (*)(const ScheduleSpec& spec, int64_t step);

struct Kind {
  std::string_view name;
  Rate rate;  ///< without warm-up
};

double constant(const ScheduleSpec& spec, int64_t) {
  return spec.base_lr;
}

double step_wise(const ScheduleSpec& spec, int64_t step) {
  return spec.base_lr * std::pow(spec.gamma, static_cast<double>(step / spec.step_size));
}

double multistep(const ScheduleSpec& spec, int64_t step) {
  const auto passed = std::upper_bound(spec.milestones.begin(), spec.milestones.end(), step);
  return spec.base_lr * std::pow(spec.gamma, static_cast<double>(passed - spec.milestones.begin()));
}

double exponential(const ScheduleSpec& spec, int64_t step) {
  const double drops = static_cast<double>(step) / static_cast<double>(spec.step_size);
  return spec.base_lr * std::pow(spec.gamma, drops);
}

double cosine(const ScheduleSpec& spec, int64_t step) {
  if (step >= spec.total_steps) return 0;
  const double done = static_cast<double>(step) / static_cast<double>(spec.total_steps);
  return spec.base_lr * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

constexpr Kind kKinds[] = {{"constant", constant},
                           {"step", step_wise},
                           {"multistep", multistep},
                           {"exponential", exponential},
                           {"cosine", cosine}};

const Kind& find_kind(const std::string& name) {
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return kind;
  }
  throw ConfigError("unknown schedule '" + name + "'" + nearest_hint(name, schedule_kinds()));
}

const Kind& checked_kind(const ScheduleSpec& spec) {
  const Kind& kind = find_kind(spec.kind);
  const auto require = [](bool ok, const char* what, auto value) {
    require_setting(ok, "schedule", what, static_cast<double>(value));
  };
  require(std::isfinite(spec.base_lr) && spec.base_lr >= 0, "a finite base_lr >= 0", spec.base_lr);
  require(spec.warmup_steps >= 0, "warmup_steps >= 0", spec.warmup_steps);
  require(spec.step_size >= 1, "step_size >= 1", spec.step_size);
  require(std::isfinite(spec.gamma) && spec.gamma > 0, "a finite gamma > 0", spec.gamma);
  require(spec.kind != "cosine" || spec.total_steps >= 1, "total_steps >= 1 for cosine",
          spec.total_steps);
  int64_t last = -1;
  for (const int64_t milestone : spec.milestones) {
    require(milestone > last, "rising milestones >= 0", milestone);
    last = milestone;
  }
  return kind;
}

}  // namespace

std::span<const std::string_view> schedule_kinds() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Kind& kind : kKinds) all.push_back(kind.name);
    return all;
  }();
  return names;
}

void check_schedule(const ScheduleSpec& spec) {
  checked_kind(spec);
}

double learning_rate(const ScheduleSpec& spec, int64_t step) {
  const Kind& kind = checked_kind(spec);
  require_setting(step >= 0, "schedule", "a step >= 0", static_cast<double>(step));
  const double rate = kind.rate(spec, step);
  if (step >= spec.warmup_steps) return rate;
  return rate * static_cast<double>(step + 1) / static_cast<double>(spec.warmup_steps);
}

}  // namespace fracbit::optim
