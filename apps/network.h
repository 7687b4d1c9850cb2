#pragma once

#include <memory>
#include <string>

#include "fracbit/apps/settings.h"
#include "fracbit/data/data.h"
#include "fracbit/framework/module.h"
#include "fracbit/models/models.h"

namespace fracbit::apps {

/// Chooses what the options leave open about the network: model by data set, bits by scheme. Throws
/// ConfigError for unknown names and for bits that the scheme does not take.
void complete_network(Settings& settings);

/// The options as a spec of the scheme.
quantize::Spec quant_spec(const Settings& settings);

/// A network that the options describe, with weights not yet drawn.
struct Network {
  std::shared_ptr<Module> module;
  Shape input;  ///< [H, W, C]
  int64_t classes = 0;
};
/// For images of the --dataset, or of the model's own size if there is none. Throws ConfigError,
/// ShapeError.
Network make_network(const Settings& settings);

/// "none", or scheme and bits as in "hbnn 1.4/1.4".
std::string quant_title(const Settings& settings);

}  // namespace fracbit::apps
