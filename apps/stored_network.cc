#include "fracbit/apps/stored_network.h"

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

data::DatasetInfo stored_dataset(const Checkpoint& checkpoint) {
  return data::find(stored_settings(checkpoint).text("dataset")).info;
}

void complete_from_checkpoint(Settings& settings) {
  const std::string& path = settings.arguments().front();
  const Settings stored = stored_settings(load_checkpoint(path));
  for (const Setting& setting : stored.all()) {
    const bool here = (setting.option->takes & settings.command().takes) != 0;
    const bool of_machine = setting.option->momentary || setting.option->name == "threads";
    const bool has_value = !std::holds_alternative<std::monostate>(setting.value);
    if (!here || of_machine || !has_value) continue;
    settings.set(*setting.option, setting.value, Rank::checkpoint, path);
  }
}

StoredNetwork load_network(const Settings& settings) {
  StoredNetwork stored;
  stored.checkpoint = load_checkpoint(settings.arguments().front());
  Settings trained = stored_settings(stored.checkpoint);
  const Setting& engine = settings.setting("engine");
  trained.set(*engine.option, engine.value, Rank::flag, engine.origin);
  stored.network = make_network(trained);
  stored.model = trained.text("model");
  stored.quant = quant_title(trained);
  restore(stored.checkpoint, *stored.network.module);
  stored.network.module->eval();
  return stored;
}

}  // namespace fracbit::apps
