#pragma once

#include <string>

#include "fracbit/apps/settings.h"

namespace fracbit::apps {

/// The options that have a value and a meaning, as TOML with the origin of each in a comment. Paths
/// are absolute, so that the text means the same wherever it is stored. Read back as a --config
/// file it gives the same settings.
std::string config_toml(const Settings& settings);
/// The same without what steers one call only: what a run directory keeps.
std::string lasting_config_toml(const Settings& settings);
/// For --print-config --json: {"config": {...}, "origin": {...}}.
std::string config_json(const Settings& settings);

}  // namespace fracbit::apps
