#include "fracbit/apps/resume.h"

#include <filesystem>

#include "fracbit/apps/stored_network.h"
#include "fracbit/apps/training.h"

namespace fracbit::apps {
namespace {

namespace fs = std::filesystem;

/// File of the checkpoint; empty if there is nothing to resume.
std::string resume_path(const Settings& settings) {
  if (!settings.has("resume")) return {};
  const std::string& resume = settings.text("resume");
  if (resume != "auto") return resume;
  const std::string last = settings.text("out") + "/last.ckpt";
  std::error_code ignored;
  return fs::exists(fs::symlink_status(last, ignored)) ? last : std::string();
}

/// The run directory: as given, where the checkpoint is, or the default.
void choose_directory(Settings& settings) {
  const std::string& resume = settings.text("resume");
  if (resume != "auto") {
    const std::string folder = fs::path(resume).parent_path().string();
    settings.choose("out", folder.empty() ? std::string(".") : folder, "folder of " + resume);
    return;
  }
  Settings probe = settings;
  complete_training(probe);
  settings.choose("out", probe.text("out"), "default");
}

}  // namespace

void complete_run(Settings& settings) {
  if (settings.has("resume")) {
    if (settings.flag("overwrite")) {
      throw settings.error("overwrite", "contradicts --resume");
    }
    choose_directory(settings);
    if (const auto checkpoint = checkpoint_to_resume(settings)) {
      apply_stored(settings, *checkpoint);
    }
  }
  complete_training(settings);
}

std::optional<Checkpoint> checkpoint_to_resume(const Settings& settings) {
  const std::string path = resume_path(settings);
  if (path.empty()) return {};
  return load_checkpoint(path);
}

}  // namespace fracbit::apps
