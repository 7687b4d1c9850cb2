#include "fracbit/framework/version.h"

#include "framework/version.inc"

namespace fracbit {

const char* version() {
  return FRACBIT_VERSION;
}

}  // namespace fracbit
