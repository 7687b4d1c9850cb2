#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fracbit/apps/command.h"
#include "fracbit/apps/options.h"
#include "fracbit/apps/value.h"
#include "fracbit/framework/error.h"

namespace fracbit::apps {

/// Where a value comes from; later ones win.
enum class Rank { none, fallback, checkpoint, recipe, file, environment, flag };

/// The value of one option and its history.
struct Setting {
  const Option* option = nullptr;
  Value value;
  Rank rank = Rank::none;
  std::string origin;  ///< "default", "run.toml:3", "FRACBIT_LR", "--lr"
};

/// All options of one call of one command, resolved: defaults < checkpoint < recipe < --config
/// files < environment < flags.
class Settings {
 public:
  /// The options that `command` takes, at their defaults.
  explicit Settings(const Command& command);

  const Command& command() const { return *command_; }
  const std::vector<std::string>& arguments() const { return arguments_; }
  void set_arguments(std::vector<std::string> arguments) { arguments_ = std::move(arguments); }

  /// Sets an option unless a higher rank has. Throws ConfigError if the value is not allowed.
  void set(const Option& option, Value value, Rank rank, std::string origin);
  /// Gives an option that has no value one that follows from others.
  void choose(std::string_view name, Value value, std::string origin);
  /// Throws ConfigError if a flag was given that has no meaning with the other options.
  void check_needs() const;

  /// Values by name; the option must be of that type, and have a value unless has() is asked first.
  bool has(std::string_view name) const;
  bool flag(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  std::vector<int64_t> integers(std::string_view name) const;
  std::vector<double> reals(std::string_view name) const;

  const Setting& setting(std::string_view name) const;
  const std::vector<Setting>& all() const { return settings_; }
  /// Whether the option has a meaning with the values of the others that the command takes.
  bool applies(const Option& option) const;
  /// An error at the place where the option was set: "--lr: WHAT".
  ConfigError error(std::string_view name, const std::string& what) const;

 private:
  Setting* find(std::string_view name);

  const Command* command_;
  std::vector<std::string> arguments_;
  std::vector<Setting> settings_;
};

}  // namespace fracbit::apps
