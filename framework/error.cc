#include "fracbit/framework/error.h"

namespace fracbit {

void Error::prepend_path(std::string_view module_name) {
  if (module_name.empty()) return;
  path_ = path_.empty() ? std::string(module_name) : std::string(module_name) + "." + path_;
  line_ = "in " + path_ + ": " + message_;
}

}  // namespace fracbit
