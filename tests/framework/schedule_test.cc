#include "fracbit/framework/optim/schedule.h"

#include <limits>
#include <vector>

#include "fracbit/framework/error.h"
#include "support/catch.h"

using namespace fracbit;
using optim::learning_rate;
using optim::ScheduleSpec;

namespace {

std::vector<double> rates(const ScheduleSpec& spec, int64_t steps) {
  std::vector<double> all;
  for (int64_t step = 0; step < steps; ++step) all.push_back(learning_rate(spec, step));
  return all;
}

void check_rates(const ScheduleSpec& spec, const std::vector<double>& expected) {
  const auto found = rates(spec, static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    INFO(spec.kind << " step " << i);
    CHECK(found[i] == Approx(expected[i]).margin(1e-15));
  }
}

}  // namespace

TEST_CASE("schedules follow their formulas") {
  check_rates({.kind = "constant", .base_lr = 2}, {2, 2, 2});
  check_rates({.kind = "step", .base_lr = 8, .step_size = 2, .gamma = 0.5}, {8, 8, 4, 4, 2});
  check_rates({.kind = "multistep", .base_lr = 8, .milestones = {1, 3}, .gamma = 0.5},
              {8, 4, 4, 2, 2});
  check_rates({.kind = "exponential", .base_lr = 8, .step_size = 2, .gamma = 0.25}, {8, 4, 2, 1});
  check_rates({.kind = "cosine", .base_lr = 8, .total_steps = 4},
              {8, 4 + 4 * 0.70710678118654752, 4, 4 - 4 * 0.70710678118654752, 0, 0});
}

TEST_CASE("warm-up rises linearly to the scheduled rate") {
  check_rates({.kind = "constant", .base_lr = 8, .warmup_steps = 4}, {2, 4, 6, 8, 8});
  check_rates({.kind = "step", .base_lr = 8, .warmup_steps = 2, .step_size = 1, .gamma = 0.5},
              {4, 4, 2});
}

TEST_CASE("every kind is listed and computes") {
  CHECK(optim::schedule_kinds().size() == 5);
  for (const std::string_view kind : optim::schedule_kinds()) {
    CHECK(learning_rate({.kind = std::string(kind), .base_lr = 3, .total_steps = 10}, 0) == 3);
  }
}

TEST_CASE("schedules refuse settings out of range") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const ScheduleSpec bad[] = {{.kind = "cosin", .total_steps = 1},
                              {.kind = "cosine"},
                              {.base_lr = -1},
                              {.base_lr = kNan},
                              {.warmup_steps = -1},
                              {.step_size = 0},
                              {.milestones = {3, 3}},
                              {.milestones = {-1}},
                              {.gamma = 0},
                              {.gamma = kNan}};
  for (const ScheduleSpec& spec : bad) CHECK_THROWS_AS(optim::check_schedule(spec), ConfigError);
  CHECK_THROWS_AS(learning_rate({}, -1), ConfigError);
  CHECK_THROWS_WITH(optim::check_schedule({.kind = "cosin"}),
                    "unknown schedule 'cosin' (nearest: 'cosine')");
}
