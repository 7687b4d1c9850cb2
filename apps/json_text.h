#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fracbit::apps {

/// The object on one line. Bytes that are no UTF-8 (names of files) become U+FFFD, NaN and infinity
/// null.
std::string json_text(const nlohmann::ordered_json& object);

}  // namespace fracbit::apps
