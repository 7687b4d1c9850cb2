#include "fracbit/data/verify.h"

#include <algorithm>
#include <iterator>

#include "fracbit/data/file.h"
#include "fracbit/data/md5.h"
#include "fracbit/framework/error.h"

namespace fracbit::data {
namespace {

FileCheck compared(const Entry& entry, const OfficialFile& file, const std::string& path) {
  FileCheck check{.dataset = entry.name, .path = path, .state = FileState::ok, .detail = {}};
  try {
    const std::string found = md5(read_file(path));
    if (found == file.md5) return check;
    check.state = FileState::differs;
    check.detail = "expects md5 " + std::string(file.md5) + ", found " + found;
  } catch (const FileError& error) {
    check.state = FileState::unreadable;
    check.detail = error.what();
  }
  return check;
}

std::string path_of(const Entry& entry, const std::string& folder, std::string_view name) {
  const std::string file(name);
  return locate(folder, entry.folder, std::span(&file, 1));
}

// A set is whole with all its downloads or with all that is unpacked from them, or, where each
// download is one packed file, with a mixture.
bool replaced(const Entry& entry, const std::string& folder, const OfficialFile& file) {
  constexpr std::string_view kPacked = ".gz";
  const bool packed = file.name.ends_with(kPacked);
  std::string other(file.name);
  other = packed ? other.substr(0, other.size() - kPacked.size()) : other + std::string(kPacked);
  return !path_of(entry, folder, other).empty();
}

std::vector<FileCheck> checked(const Entry& entry, const std::string& folder) {
  std::vector<FileCheck> checks;
  bool unpacked = false;
  for (const OfficialFile& file : entry.files) {
    const std::string path = path_of(entry, folder, file.name);
    if (path.empty()) continue;
    checks.push_back(compared(entry, file, path));
    unpacked = unpacked || file.url.empty();
  }
  if (checks.empty()) return checks;
  for (const OfficialFile& file : entry.files) {
    const bool needed = file.url.empty() == unpacked;
    const bool present = !path_of(entry, folder, file.name).empty();
    if (!needed || present || replaced(entry, folder, file)) continue;
    checks.push_back({.dataset = entry.name,
                      .path = folder + "/" + std::string(file.name),
                      .state = FileState::missing,
                      .detail = "expects this file beside the others"});
  }
  return checks;
}

int64_t matches(const std::vector<FileCheck>& checks) {
  return std::count_if(checks.begin(), checks.end(),
                       [](const FileCheck& check) { return check.state == FileState::ok; });
}

bool share_a_file(const std::vector<FileCheck>& a, const std::vector<FileCheck>& b) {
  return std::any_of(a.begin(), a.end(), [&](const FileCheck& x) {
    return std::any_of(b.begin(), b.end(), [&](const FileCheck& y) { return x.path == y.path; });
  });
}

// Adds a set's checks, unless one that fits as well has the same files.
void add(std::vector<std::vector<FileCheck>>& sets, std::vector<FileCheck> checks) {
  if (checks.empty()) return;
  for (std::vector<FileCheck>& other : sets) {
    if (!share_a_file(other, checks)) continue;
    if (matches(checks) > matches(other)) other = std::move(checks);
    return;
  }
  sets.push_back(std::move(checks));
}

}  // namespace

std::string_view to_string(FileState state) {
  constexpr std::string_view kNames[] = {"ok", "differs", "unreadable", "missing"};
  return kNames[static_cast<size_t>(state)];
}

std::vector<FileCheck> verify(const std::string& folder, std::string_view name) {
  if (folder.empty()) throw ConfigError("[data verify] expects a folder, got none");
  std::vector<std::vector<FileCheck>> sets;
  if (name.empty()) {
    for (const Entry* entry : entries()) add(sets, checked(*entry, folder));
  } else {
    add(sets, checked(find(name), folder));
  }
  std::vector<FileCheck> all;
  for (std::vector<FileCheck>& checks : sets) std::ranges::move(checks, std::back_inserter(all));
  if (all.empty()) {
    throw FileError(folder + ": expects official files of " +
                    (name.empty() ? "a data set" : std::string(name)) + ", found none");
  }
  return all;
}

}  // namespace fracbit::data
