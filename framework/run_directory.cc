#include "fracbit/framework/run_directory.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "fracbit/framework/atomic_file.h"
#include "fracbit/framework/curves.h"
#include "fracbit/framework/error.h"

namespace fracbit {

namespace {

namespace fs = std::filesystem;

/// Whether it was missing.
bool make_folder(const std::string& path) {
  std::error_code error;
  const bool made = fs::create_directories(path, error);
  if (error) throw WriteError(path + ": cannot create the run directory: " + error.message());
  return made;
}

bool is_empty_or_missing(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return true;
  if (!error && !fs::is_directory(status)) {
    throw ConfigError(path + ": expects a run directory, found a file");
  }
  const bool empty = !error && fs::is_empty(path, error);
  if (error) throw WriteError(path + ": cannot open the run directory: " + error.message());
  return empty;
}

void remove_run(const std::string& path) {
  for (const char* name :
       {"config.toml", "metrics.csv", "metrics.jsonl", "last.ckpt", "best.ckpt", "curves.svg"}) {
    std::error_code error;
    const std::string file = path + "/" + name;
    fs::remove(file, error);
    if (error) throw WriteError(file + ": cannot remove: " + error.message());
  }
}

/// Whether the folder was made.
bool prepare(const std::string& path, RunDirectory::Existing existing) {
  const bool fresh = is_empty_or_missing(path);
  if (!fresh && existing == RunDirectory::Existing::refuse) {
    throw ConfigError(path + ": expects a new or empty run directory, found files in it");
  }
  const bool made = make_folder(path);
  const AtomicFile probe(path + "/config.toml");  // fails now rather than after an epoch
  return made;
}

}  // namespace

RunDirectory::RunDirectory(std::string path, Existing existing, std::string title)
    : path_(std::move(path)),
      made_(prepare(path_, existing)),
      existing_(existing),
      title_(std::move(title)),
      log_(path_) {
  if (existing == Existing::resume) log_.read();
}

RunDirectory::~RunDirectory() {
  std::error_code not_empty;
  if (made_) fs::remove(path_, not_empty);
}

void RunDirectory::write_config(std::string_view toml) const {
  write_file(config(), toml);
}

void RunDirectory::start(int64_t epochs) {
  if (existing_ == Existing::overwrite) remove_run(path_);
  log_.keep_until(epochs);
  draw();
}

void RunDirectory::append(const EpochReport& report) {
  log_.append(report);
  draw();
}

void RunDirectory::draw() const {
  write_file(curves(), curves_svg(log_.rows(), title_));
}

}  // namespace fracbit
