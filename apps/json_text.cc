#include "fracbit/apps/json_text.h"

#include <nlohmann/json.hpp>

namespace fracbit::apps {

std::string json_text(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace fracbit::apps
