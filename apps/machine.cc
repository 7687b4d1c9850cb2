#include "fracbit/apps/machine.h"

#include <sys/resource.h>

namespace fracbit::apps {

int64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  constexpr int64_t kKibibyte = 1024;
  return usage.ru_maxrss * kKibibyte;
}

}  // namespace fracbit::apps
