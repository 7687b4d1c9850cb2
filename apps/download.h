#pragma once

#include <string>

#include "fracbit/data/data.h"

namespace fracbit::apps {

/// Brings an official file into a folder: nothing if it is there with its published checksum, else
/// downloads it with curl beside its name, checks and renames it. Archives (.tar.gz) are also
/// unpacked there, with tar. Throws FileError if it cannot be fetched or differs from what was
/// published, WriteError if the folder cannot be made, ConfigError if there is no curl.
void fetch_file(const data::OfficialFile& file, const std::string& folder, bool quiet);

}  // namespace fracbit::apps
