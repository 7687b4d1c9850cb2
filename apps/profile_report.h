#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "fracbit/apps/machine_limits.h"
#include "fracbit/framework/profile.h"

namespace fracbit::apps {

/// Where the time of `steps` steps went, per step: layers and phases, the least time that their
/// work takes on this machine, and the share of it in the time taken.
class ProfileReport {
 public:
  ProfileReport(const std::vector<Profile::Row>& rows, int64_t steps, const Limits& limits);

  std::string text() const;
  nlohmann::ordered_json json() const;

 private:
  struct Line {
    std::string layer = {};
    Phase phase = Phase::forward;
    double seconds = 0;  ///< a step
    double bound = 0;    ///< least seconds by the limits; 0: not known
    bool by_macs = false;
  };
  Line line(const std::string& layer, Phase phase, const Profile::Cost& cost) const;
  double total() const;

  double steps_;
  Limits limits_;
  std::vector<Line> lines_;
  std::vector<Line> phases_;
};

}  // namespace fracbit::apps
