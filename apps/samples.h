#pragma once

#include <string>
#include <vector>

#include "fracbit/data/dataset.h"

namespace fracbit::apps {

/// Writes every image of a data set as `folder`/NUMBER-CLASS.png and returns the paths. Throws
/// WriteError, FileError.
std::vector<std::string> write_samples(const data::Dataset& dataset, const std::string& folder);

}  // namespace fracbit::apps
