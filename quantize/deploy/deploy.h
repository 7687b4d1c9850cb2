#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/module.h"
#include "fracbit/quantize/deploy/executor.h"
#include "fracbit/quantize/deploy/float_weights.h"
#include "fracbit/quantize/deploy/model.h"
#include "fracbit/quantize/deploy/packed_model.h"

namespace fracbit::deploy {

/// What deploy::pack makes of a network: the content of an `.fbit` file.
struct Package {
  std::vector<std::byte> bytes;

  /// Throws WriteError.
  void save(const std::string& path) const;
  PackedModel load() const { return PackedModel::load(bytes, "package"); }
};

struct PackOptions {
  /// Notes for whoever loads it, under different keys.
  std::vector<std::pair<std::string, std::string>> metadata = {};
  /// Takes activations that have seen no batch yet, with constants of any value: for the size.
  bool untrained = false;
  /// How weights are stored that training keeps in floats and that multiply floats: those of the
  /// first and last layers.
  FloatWeights float_weights = FloatWeights::float32;
};

/// A trained network as an op list: what it computes in evaluation mode on images [1, H, W, C] or
/// rows [1, K]. Throws ConfigError for a layer that has no deployed form, ShapeError if the images
/// do not fit.
Model lower(const Module& network, const Shape& input, const PackOptions& options = {});
/// The same as a file.
Package pack(const Module& network, const Shape& input, const PackOptions& options = {});

/// Runs a model on the threads of this library (framework/parallel.h).
Executor parallel_executor();

}  // namespace fracbit::deploy
