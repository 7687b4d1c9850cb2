#include "fracbit/apps/stored_network.h"

#include "fracbit/apps/packed_file.h"
#include "fracbit/apps/sources.h"
#include "fracbit/apps/training.h"

namespace fracbit::apps {

void apply_stored(Settings& settings, const Checkpoint& checkpoint) {
  const std::string& path = checkpoint.path;
  try {
    apply_toml(settings, checkpoint.config, path, "", Rank::checkpoint);
  } catch (const ConfigError& error) {
    throw FileError(path + ": its configuration is not of this program: " + error.what());
  }
}

Settings stored_settings(const Checkpoint& checkpoint) {
  Settings stored(train_command);
  apply_stored(stored, checkpoint);
  try {
    complete_training(stored);
  } catch (const ConfigError& error) {
    throw FileError(checkpoint.path +
                    ": its configuration is not of this program: " + error.what());
  }
  return stored;
}

namespace {

/// The data set that a packed model notes, if this program has it.
void complete_from_packed(Settings& settings, const std::string& path) {
  if (settings.command().takes == kEval) {
    const std::string name(deploy::PackedModel::load(path).metadata("dataset"));
    settings.set(*find_option("dataset"), name, Rank::checkpoint, path);
  }
  if (settings.setting("engine").rank > Rank::fallback) {
    throw settings.error("engine", "has no meaning for a packed model");
  }
}

StoredNetwork load_packed(const std::string& path) {
  const auto module = std::make_shared<PackedNetwork>(deploy::PackedModel::load(path));
  const deploy::PackedModel& model = module->model();
  StoredNetwork stored;
  stored.images = noted_images(model, path);
  stored.network = {module, stored.images.image_shape, model.classes()};
  stored.model = model.metadata("model");
  stored.quant = model.metadata("quant");
  stored.engine = "deployed";
  return stored;
}

}  // namespace

void complete_from_checkpoint(Settings& settings) {
  const std::string& path = settings.arguments().front();
  if (is_packed_file(path)) return complete_from_packed(settings, path);
  const Settings stored = stored_settings(load_checkpoint_header(path));
  for (const Setting& setting : stored.all()) {
    const bool here = (setting.option->takes & settings.command().takes) != 0;
    const bool of_machine = setting.option->momentary || setting.option->name == "threads";
    const bool has_value = !std::holds_alternative<std::monostate>(setting.value);
    if (!here || of_machine || !has_value) continue;
    settings.set(*setting.option, setting.value, Rank::checkpoint, path);
  }
}

StoredNetwork load_network(const Settings& settings) {
  const std::string& path = settings.arguments().front();
  if (is_packed_file(path)) return load_packed(path);
  const Checkpoint checkpoint = load_checkpoint_network(path);
  Settings trained = stored_settings(checkpoint);
  if (settings.command().takes != kExport) {
    const Setting& engine = settings.setting("engine");
    trained.set(*engine.option, engine.value, Rank::flag, engine.origin);
  }
  StoredNetwork stored;
  stored.images = data::find(trained.text("dataset")).info;
  stored.engine = trained.text("engine");
  stored.network = make_network(trained);
  stored.model = trained.text("model");
  stored.quant = quant_title(trained);
  restore(checkpoint, *stored.network.module);
  stored.network.module->eval();
  return stored;
}

}  // namespace fracbit::apps
