#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fracbit::apps {

/// What an option holds. `path` is text that names a file or folder; in a config file it is
/// relative to that file.
enum class Type { flag, integer, real, text, path, integers, reals };

/// Commands as bits, for Option::takes.
enum Takes : unsigned {
  kTrain = 1,
  kEval = 2,
  kPredict = 4,
  kSummary = 8,
  kBench = 16,
  kBenchKernels = 32,
  kInspect = 64,
  kList = 128,
  kData = 256,
  kExport = 512,
  kEvery = 1023,
};

/// Whether an option is also a key of config files and of the environment.
enum class Reach { everywhere, flags_only };

/// One row of the option table: it makes the flag --name, the config key `name`, the environment
/// variable FRACBIT_NAME and the line in the help.
struct Option {
  std::string_view name;
  Type type = Type::text;
  std::string_view fallback = "";  ///< default as text; empty: none, or chosen by `chosen`
  std::string_view chosen = "";    ///< how a default that depends on other options is chosen
  double low = 0;                  ///< range of a number, ends included
  double high = 0;
  std::string_view unit = "";     ///< or the placeholder of a text
  std::string_view choices = "";  ///< allowed texts, "a|b|c"; empty: any. Of a path: words that are
                                  ///< not paths
  /// "option=a|b": has a meaning only then. "quant": only for schemes that read it.
  std::string_view needs = "";
  std::string_view group = "";
  std::string_view help = "";
  unsigned takes = 0;
  /// Steers this one call: not part of what a run directory or a checkpoint remembers.
  bool momentary = false;
  Reach reach = Reach::everywhere;
};

/// The table.
std::span<const Option> options();
/// Null if there is none.
const Option* find_option(std::string_view name);
/// Names of the options whose `takes` has one of the bits.
std::vector<std::string_view> option_names(unsigned bits);

/// "a|b|c" to its parts.
std::vector<std::string_view> split(std::string_view list, char separator);
/// "batch-size" to "FRACBIT_BATCH_SIZE".
std::string environment_name(const Option& option);

}  // namespace fracbit::apps
