#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fracbit/framework/metrics.h"

namespace fracbit {

/// The folder of one training run: config.toml, metrics.csv, metrics.jsonl, last.ckpt, best.ckpt
/// and curves.svg (docs/formats.md).
class RunDirectory {
 public:
  /// What to do with a folder that is not empty.
  enum class Existing {
    refuse,
    resume,     ///< go on with it
    overwrite,  ///< start() removes the files of an earlier run, and no others
  };

  /// Makes the folder and those above it if they are missing; changes no file. `title` is that of
  /// the curves. Throws
  /// ConfigError if there is something and it is refused, or is no folder; WriteError if the folder
  /// cannot be made or written; FileError if the metrics of a resumed run are damaged.
  RunDirectory(std::string path, Existing existing, std::string title);
  /// Removes the folder if it was made here and has stayed empty, so that a run that is refused
  /// leaves nothing behind.
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string config() const { return path_ + "/config.toml"; }
  std::string last_checkpoint() const { return path_ + "/last.ckpt"; }
  std::string best_checkpoint() const { return path_ + "/best.ckpt"; }
  std::string curves() const { return path_ + "/curves.svg"; }
  const std::vector<EpochReport>& rows() const { return log_.rows(); }

  /// Before anything is written, when nothing stands against the run any more: makes room for a run
  /// that has `epochs` whole epochs behind it, by dropping the metrics of later ones. Throws
  /// WriteError.
  void start(int64_t epochs);
  /// Throws WriteError.
  void write_config(std::string_view toml) const;
  /// Adds a row to the metrics and draws the curves. Throws WriteError.
  void append(const EpochReport& report);

 private:
  void draw() const;

  std::string path_;
  bool made_;
  Existing existing_;
  std::string title_;
  MetricsLog log_;
};

}  // namespace fracbit
