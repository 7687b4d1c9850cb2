#pragma once

#include <memory>

#include "fracbit/apps/settings.h"
#include "fracbit/data/data_loader.h"
#include "fracbit/framework/optim/optimizer.h"
#include "fracbit/framework/optim/schedule.h"

namespace fracbit::apps {

/// Chooses what the options leave open about a training run: data set, network, learning rate,
/// augmentation, run directory. Throws ConfigError.
void complete_training(Settings& settings);
/// Throws ConfigError if the data set needs files and --data-dir does not say where they are.
void require_data_dir(const Settings& settings);

/// A split of the --dataset, cut to its limit. Throws ConfigError, FileError.
std::shared_ptr<const data::Dataset> open_split(const Settings& settings, const char* split);
/// Shuffled and augmented batches of the training split.
std::unique_ptr<data::DataLoader> train_loader(const Settings& settings);
/// The test split in its own order.
std::unique_ptr<data::DataLoader> test_loader(const Settings& settings);

std::unique_ptr<optim::Optimizer> make_optimizer(const Settings& settings,
                                                 std::vector<Module::NamedParameter> parameters);
/// The options count epochs, the schedule counts steps.
optim::ScheduleSpec make_schedule(const Settings& settings, int64_t batches_per_epoch);

}  // namespace fracbit::apps
