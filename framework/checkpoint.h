#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fracbit/framework/tensor.h"

namespace fracbit {

class Module;
namespace optim {
class Optimizer;
}

/// Where a training run stands: between two steps. The random numbers of a step are a function of
/// (seed, step), so this is the random state too.
struct TrainingPosition {
  uint64_t seed = 0;
  int64_t step = 0;     ///< steps done
  int64_t epoch = 0;    ///< epochs done, with their evaluation
  int64_t batch = 0;    ///< batches done of the epoch that is going on
  int64_t batches = 0;  ///< batches of an epoch
};

/// What the metrics of an epoch are made of, over the images seen so far.
struct EpochSums {
  double loss = 0;  ///< sum over images
  int64_t top1 = 0;
  int64_t images = 0;
};

/// Everything a training run is. A regular value. docs/formats.md describes the file.
struct Checkpoint {
  struct Entry {
    std::string name;
    Tensor value;
  };

  std::string path;             ///< the file it came from, for messages; empty if it was captured
  std::string fracbit_version;  ///< that wrote the file
  std::string config;           ///< resolved configuration, TOML
  TrainingPosition position;
  EpochSums sums;
  double best_top1 = 0;    ///< percent
  int64_t best_epoch = 0;  ///< 0: none evaluated yet

  std::vector<Entry> parameters;  ///< in the order of Module::parameters()
  std::vector<Entry> buffers;
  std::vector<Entry> optimizer;
  int64_t optimizer_steps = 0;
};

/// Writes a safetensors file, atomically: the old file stays until the new one is whole and synced.
/// The same checkpoint gives the same bytes. Throws WriteError; ConfigError if a text is not UTF-8.
void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// Reads and checks a whole file; any changed bit is found by its checksums. Throws FileError,
/// naming file, place, what was expected and what was found.
Checkpoint load_checkpoint(const std::string& path);
/// The same without the state of the optimizer, which is not read: for whoever only runs the
/// network.
Checkpoint load_checkpoint_network(const std::string& path);
/// The same without tensors, which are not read: of a large file in a moment. Finds any changed bit
/// of the header.
Checkpoint load_checkpoint_header(const std::string& path);

/// Copies values into `checkpoint`, replacing those of the same kind.
void capture(Module& module, Checkpoint& checkpoint);
void capture(optim::Optimizer& optimizer, Checkpoint& checkpoint);

/// Copies values out of `checkpoint`. Throws FileError if a tensor is missing, left over or has
/// another shape, before anything is changed.
void restore(const Checkpoint& checkpoint, Module& module);
void restore(const Checkpoint& checkpoint, optim::Optimizer& optimizer);
void restore(const Checkpoint& checkpoint, Module& module, optim::Optimizer& optimizer);

/// SHA-256 of the names, shapes and bytes of all parameters and buffers, 64 hexadecimal digits.
/// Equal digits: equal networks, bit for bit.
std::string weights_sha256(Module& module);

}  // namespace fracbit
