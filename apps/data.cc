#include <nlohmann/json.hpp>

#include "fracbit/apps/console.h"
#include "fracbit/apps/download.h"
#include "fracbit/apps/exit_code.h"
#include "fracbit/apps/json_text.h"
#include "fracbit/apps/samples.h"
#include "fracbit/apps/settings.h"
#include "fracbit/apps/table.h"
#include "fracbit/data/data.h"
#include "fracbit/data/verify.h"
#include "fracbit/framework/nearest.h"

namespace fracbit::apps {
namespace {

/// Rows for people and for programs; exit code 3 if a file is not as published.
Result report(const std::vector<data::FileCheck>& checks) {
  Table table("llll");
  table.add({"data set", "file", "state", ""});
  table.rule();
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  bool good = true;
  for (const data::FileCheck& check : checks) {
    const std::string state(data::to_string(check.state));
    good = good && check.state == data::FileState::ok;
    table.add({std::string(check.dataset), printable(check.path), state, printable(check.detail)});
    files.push_back({{"dataset", check.dataset},
                     {"path", check.path},
                     {"state", state},
                     {"detail", check.detail}});
  }
  return {table.text(), json_text({{"files", std::move(files)}}), good ? kDone : kBadInputFile};
}

Result verify(const Settings& settings) {
  return report(data::verify(settings.arguments()[1]));
}

std::string folder_for(const Settings& settings, const std::string& name) {
  return settings.has("data-dir") ? settings.text("data-dir") : "data/" + name;
}

Result fetch(const Settings& settings) {
  const data::Entry& entry = data::find(settings.arguments()[1]);
  const std::string folder = folder_for(settings, std::string(entry.name));
  if (entry.files.empty()) {
    throw ConfigError("data fetch: " + std::string(entry.name) + " needs no files");
  }
  for (const data::OfficialFile& file : entry.files) {
    if (!file.url.empty()) fetch_file(file, folder, settings.flag("quiet"));
  }
  return report(data::verify(folder, entry.name));
}

Result samples(const Settings& settings) {
  const data::Entry& entry = data::find(settings.arguments()[1]);
  data::OpenOptions options;
  if (settings.has("data-dir")) options.root = settings.text("data-dir");
  options.split = "test";
  options.limit = settings.integer("count");
  const std::string folder =
      settings.has("out") ? settings.text("out") : "samples/" + std::string(entry.name);
  Result result;
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const std::string& path : write_samples(*data::open(entry.name, options), folder)) {
    result.text += printable(path) + "\n";
    files.push_back(path);
  }
  result.json = json_text({{"files", std::move(files)}});
  return result;
}

struct Verb {
  std::string_view name;
  Result (*run)(const Settings& settings);
};

constexpr Verb kVerbs[] = {{"verify", verify}, {"fetch", fetch}, {"samples", samples}};

Result run_data(const Settings& settings) {
  const std::string& name = settings.arguments().front();
  std::vector<std::string_view> names;
  for (const Verb& verb : kVerbs) {
    if (verb.name == name) return verb.run(settings);
    names.push_back(verb.name);
  }
  throw ConfigError("data: expects verify, fetch or samples, got '" + name + "'" +
                    nearest_hint(name, names));
}

}  // namespace

const Command data_command = {
    .name = "data",
    .summary = "checks the official files of data sets, downloads them, writes samples as images",
    .arguments = "verify DIR | fetch NAME | samples NAME",
    .takes = kData,
    .min_arguments = 2,
    .max_arguments = 2,
    .notes =
        "verify compares the files in DIR with the published checksums; exit code 3 if one "
        "differs. fetch downloads with curl what is missing into --data-dir, by default "
        "data/NAME, and checks it. samples writes the first --count test images as PNG files.",
    .examples =
        "fracbit data verify data/mnist\n"
        "fracbit data fetch cifar10 --data-dir data/cifar10\n"
        "fracbit data samples synthetic-digits --count 5 --out digits",
    .run = run_data,
};

}  // namespace fracbit::apps
