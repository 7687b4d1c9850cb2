#pragma once

namespace fracbit {

/// Version of the library, "0.1.0".
const char* version();

}  // namespace fracbit
