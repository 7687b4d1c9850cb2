#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fracbit::optim {

/// The learning rate as a function of the step (updates so far, from 0).
///
///   constant     base_lr
///   step         base_lr gamma^k, k = step / step_size rounded down
///   multistep    base_lr gamma^k, k = number of milestones <= step
///   exponential  base_lr gamma^(step / step_size), not rounded
///   cosine       base_lr (1 + cos(pi step / total_steps)) / 2, and 0 after the last step
///
/// With warm-up, steps 0 to warmup_steps - 1 are multiplied by (step + 1) / warmup_steps.
struct ScheduleSpec {
  std::string kind = "constant";
  double base_lr = 0.01;                 ///< finite, >= 0
  int64_t total_steps = 0;               ///< >= 1 for cosine; not used by the others
  int64_t warmup_steps = 0;              ///< >= 0
  int64_t step_size = 1;                 ///< >= 1
  std::vector<int64_t> milestones = {};  ///< >= 0, rising
  double gamma = 0.1;                    ///< finite, > 0
};

/// Names of all kinds.
std::span<const std::string_view> schedule_kinds();

/// Throws ConfigError if the kind is unknown or a setting is out of range.
void check_schedule(const ScheduleSpec& spec);

/// Pure. Throws as check_schedule, and ConfigError if step is negative.
double learning_rate(const ScheduleSpec& spec, int64_t step);

}  // namespace fracbit::optim
