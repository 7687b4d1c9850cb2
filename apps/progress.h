#pragma once

#include <chrono>
#include <string>

#include "fracbit/framework/trainer.h"

namespace fracbit::apps {

/// Shows how far training is, on stderr: a bar that is redrawn when that is a terminal, else a line
/// every few seconds. Nothing when quiet.
class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void step(const StepReport& report);
  void evaluating(int64_t images, int64_t of);
  void epoch(const EpochReport& report, int64_t epochs);
  /// A line that stays.
  void line(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;

  void show(const std::string& text, double share);
  void clear_bar();
  std::string bar(const std::string& text, double share) const;

  bool quiet_;
  bool terminal_;
  bool bar_shown_ = false;
  Clock::time_point last_shown_;
  double loss_ = 0;  ///< smoothed over some steps
  int64_t steps_ = 0;
};

}  // namespace fracbit::apps
