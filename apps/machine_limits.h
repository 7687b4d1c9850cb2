#pragma once

namespace fracbit::apps {

/// What this machine does at most, on all threads of parallel_for.
struct Limits {
  double macs_per_second = 0;   ///< of floats: the register tile on operands in cache
  double bytes_per_second = 0;  ///< read and written by a copy between large buffers
};

/// The best of some rounds, in a fraction of a second.
Limits measure_limits();

}  // namespace fracbit::apps
