#pragma once

#include <string>

#include "fracbit/apps/command.h"

namespace fracbit::apps {

/// What a packed model holds, and what computes its ops on this machine. Throws FileError.
Result inspect_packed(const std::string& path);

}  // namespace fracbit::apps
