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

/// What the images that the network was trained on have in common; also without their files. Throws
/// FileError.
data::DatasetInfo stored_dataset(const Checkpoint& checkpoint);

/// For commands whose first argument is a checkpoint: lets options that are not given come from it.
/// Throws FileError, ConfigError.
void complete_from_checkpoint(Settings& settings);

/// A network with its trained weights, in evaluation mode.
struct StoredNetwork {
  Checkpoint checkpoint;
  Network network;
  std::string model;
  std::string quant;  ///< "hbnn 1.4/1.4"
};
/// The checkpoint that is the first argument, on the --engine of `settings`. Throws FileError,
/// ConfigError.
StoredNetwork load_network(const Settings& settings);

}  // namespace fracbit::apps
