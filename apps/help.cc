#include "fracbit/apps/help.h"

#include <algorithm>
#include <vector>

#include "fracbit/apps/exit_code.h"
#include "fracbit/apps/needs.h"
#include "fracbit/apps/options.h"
#include "fracbit/apps/value.h"

namespace fracbit::apps {
namespace {

constexpr size_t kLineWidth = 96;
constexpr size_t kNameWidth = 26;

/// Appends words, broken before kLineWidth and continued below `indent`.
void wrap(std::string& out, std::string_view text, size_t indent) {
  size_t column = indent;
  bool first = true;
  for (std::string_view word : split(text, ' ')) {
    if (!first && column + 1 + word.size() > kLineWidth) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first = false;
  }
  out += '\n';
}

std::string join(const std::vector<std::string_view>& parts, std::string_view between) {
  std::string out;
  for (std::string_view part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

bool is_number(Type type) {
  return type == Type::integer || type == Type::real || type == Type::integers ||
         type == Type::reals;
}

/// "--epochs N"
std::string spelling(const Option& option) {
  const std::string name = "--" + std::string(option.name);
  if (option.type == Type::flag) return option.name == "help" ? "-h, --help" : name;
  if (option.type == Type::integer) return name + " N";
  if (option.type == Type::real) return name + " X";
  if (!option.unit.empty()) return name + " " + std::string(option.unit);
  return name + " NAME";
}

/// "[default 128; from 1 to 65536 images]"
std::string details(const Option& option) {
  std::vector<std::string> parts;
  if (!option.chosen.empty()) parts.push_back("default: " + std::string(option.chosen));
  if (!option.fallback.empty() && option.type != Type::flag) {
    parts.push_back("default " + std::string(option.fallback));
  }
  if (option.type != Type::path && !option.choices.empty()) {
    parts.push_back(join(split(option.choices, '|'), " | "));
  }
  if (is_number(option.type)) {
    const bool list = option.type == Type::integers || option.type == Type::reals;
    const std::string unit =
        option.unit.empty() || list ? "" : std::string(" ").append(option.unit);
    parts.push_back(range_text(option) + unit);
  }
  if (!option.needs.empty()) parts.push_back("with " + to_string(needs_of(option)));
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? " [" : "; ") + part;
  return out.empty() ? out : out + "]";
}

void append_option(std::string& out, const Option& option) {
  std::string line = "  " + spelling(option);
  if (line.size() + 2 > kNameWidth) {
    out += line + "\n";
    line.clear();
  }
  line.resize(kNameWidth, ' ');
  out += line;
  wrap(out, std::string(option.help) + details(option), kNameWidth);
}

std::vector<std::string_view> groups_of(const Command& command) {
  std::vector<std::string_view> groups;
  for (const Option& option : options()) {
    const bool known = std::ranges::find(groups, option.group) != groups.end();
    if ((option.takes & command.takes) != 0 && !known) groups.push_back(option.group);
  }
  return groups;
}

}  // namespace

std::string program_help() {
  std::string out =
      "fracbit trains, evaluates and uses neural networks whose weights and activations have few "
      "bits.\n\nusage: fracbit COMMAND [options]\n\ncommands:\n";
  for (const Command* command : commands()) {
    std::string line = "  " + std::string(command->name);
    line.resize(17, ' ');
    out += line + std::string(command->summary) + "\n";
  }
  return out +
         "\nfracbit COMMAND --help tells the options of a command, fracbit --version the version."
         "\n\nexamples:\n  fracbit train --quant hbnn --weight-bits 1.4 --act-bits 1.4 --out run\n"
         "  fracbit eval run/best.ckpt\n";
}

std::string command_help(const Command& command) {
  std::string out = "usage: fracbit " + std::string(command.name) + " ";
  if (!command.arguments.empty()) out += std::string(command.arguments) + " ";
  out += "[options]\n\n";
  wrap(out, command.summary, 0);
  if (!command.notes.empty()) {
    out += '\n';
    wrap(out, command.notes, 0);
  }
  for (std::string_view group : groups_of(command)) {
    out.append("\n").append(group).append(":\n");
    for (const Option& option : options()) {
      const bool here = option.group == group && (option.takes & command.takes) != 0;
      if (here) append_option(out, option);
    }
  }
  out +=
      "\nEach option is also a key of a config file (batch-size = 64) and, as "
      "FRACBIT_BATCH_SIZE,\nan environment variable. "
      "Defaults < --recipe < --config files < environment < flags.\n";
  if (!command.examples.empty()) out += "\nexamples:\n";
  for (std::string_view example : split(command.examples, '\n')) {
    out += "  " + std::string(example) + "\n";
  }
  return out + "\nexit codes:\n" + kExitCodeHelp;
}

}  // namespace fracbit::apps
