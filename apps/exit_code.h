#pragma once

#include <functional>

namespace fracbit::apps {

/// Exit codes of the program. 128 + N: stopped by signal N after saving.
enum ExitCode : int {
  kDone = 0,
  kInternalError = 1,
  kUsageError = 2,
  kBadInputFile = 3,
  kDiverged = 4,
  kCouldNotWrite = 5,
  kOutOfMemory = 6,
  kSignalBase = 128,
};

/// One line each, for the help.
extern const char* const kExitCodeHelp;

/// Runs the body and turns what it throws into one line on stderr and an exit code; the only place
/// that knows which exception means which code.
int guarded(const std::function<int()>& body);

}  // namespace fracbit::apps
