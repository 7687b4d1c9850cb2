#pragma once

#include <optional>

#include "fracbit/apps/settings.h"
#include "fracbit/framework/checkpoint.h"

namespace fracbit::apps {

/// complete_training(), and with --resume the options of the checkpoint below those that are given
/// anew. Throws ConfigError, FileError.
void complete_run(Settings& settings);

/// The checkpoint that --resume names; none without it, or with auto when there is none yet. Throws
/// FileError.
std::optional<Checkpoint> checkpoint_to_resume(const Settings& settings);

}  // namespace fracbit::apps
