#pragma once

#include <string>
#include <vector>

#include "fracbit/framework/cpu.h"

namespace fracbit::apps {

/// One pass of a block between two products, measured: one thread, an image of 32 x 32 pixels and
/// 64 channels in the second-level cache.
struct PassRow {
  std::string name;
  std::string isa;
  double nanoseconds = 0;  ///< per number that the pass reads: of D, or of the gradient of D
};

/// All passes of an instruction set, each for about min_seconds.
std::vector<PassRow> pass_rows(Isa isa, double min_seconds);

}  // namespace fracbit::apps
