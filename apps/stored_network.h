#pragma once

#include <string>

#include "fracbit/apps/network.h"
#include "fracbit/framework/checkpoint.h"

namespace fracbit::apps {

/// The options that a checkpoint was trained with. Throws FileError if they are none of ours.
Settings stored_settings(const Checkpoint& checkpoint);

/// Lets options that are not given come from a checkpoint. Throws FileError if they are none of
/// ours.
void apply_stored(Settings& settings, const Checkpoint& checkpoint);

/// For commands whose first argument is a checkpoint or a packed model: lets options that are not
/// given come from it. Throws FileError, ConfigError.
void complete_from_checkpoint(Settings& settings);

/// A network with its trained weights, in evaluation mode.
struct StoredNetwork {
  Network network;
  data::DatasetInfo images;  ///< that it was trained on
  std::string model;
  std::string quant;   ///< "hbnn 1.4/1.4"
  std::string engine;  ///< "packed", "simulated", or "deployed" of a packed model
};
/// The checkpoint or packed model that is the first argument, a checkpoint on the --engine of
/// `settings`. Throws FileError, ConfigError.
StoredNetwork load_network(const Settings& settings);

}  // namespace fracbit::apps
