#pragma once

#include <cstdint>

namespace fracbit::apps {

/// Most memory this process has held so far, in bytes.
int64_t peak_rss_bytes();

}  // namespace fracbit::apps
