#pragma once

namespace fracbit {
class Trainer;
}

namespace fracbit::apps {

/// While one lives, SIGINT and SIGTERM ask the trainer to stop after its step; the second one of a
/// kind ends the process at once. Only one may live at a time.
class StopOnSignal {
 public:
  explicit StopOnSignal(Trainer& trainer);
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  /// Number of the signal that came, or 0.
  int received() const;
};

}  // namespace fracbit::apps
