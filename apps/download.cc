#include "fracbit/apps/download.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "fracbit/apps/console.h"
#include "fracbit/data/file.h"
#include "fracbit/data/md5.h"
#include "fracbit/framework/error.h"

extern char** environ;

namespace fracbit::apps {
namespace {

namespace fs = std::filesystem;

/// Runs a program of the PATH without a shell and returns its exit code.
int run(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, pointers[0], nullptr, nullptr, pointers.data(), environ);
  if (error != 0) {
    throw ConfigError(arguments[0] + ": expects this program to be installed, " +
                      std::strerror(error));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  constexpr int kSignal = 128;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignal + WTERMSIG(status);
}

bool is_published(const std::string& path, std::string_view md5) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && data::md5(data::read_file(path)) == md5;
}

void make_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw WriteError(folder + ": could not be created: " + error.message());
}

void download(const data::OfficialFile& file, const std::string& path, bool quiet) {
  const std::string part = path + ".part";
  const std::string url(file.url);
  std::vector<std::string> command = {
      "curl", "--fail",   "--location", "--retry", "3", "--connect-timeout",
      "20",   "--output", part,         url};
  const bool silent = quiet || !stderr_is_terminal();
  command.insert(command.begin() + 1, silent ? "--silent" : "--progress-bar");
  const int code = run(command);
  if (code != 0) {
    throw FileError(url + ": could not be downloaded, curl ended with exit code " +
                    std::to_string(code));
  }
  const std::string found = data::md5(data::read_file(part));
  if (found != file.md5) {
    fs::remove(part);
    throw FileError(url + ": expects md5 " + std::string(file.md5) + " as published, got " + found);
  }
  std::error_code error;
  fs::rename(part, path, error);
  if (error) throw WriteError(path + ": could not be written: " + error.message());
}

void unpack(const std::string& archive, const std::string& folder) {
  const int code = run({"tar", "-xzf", archive, "-C", folder});
  if (code != 0) {
    throw FileError(archive + ": could not be unpacked, tar ended with exit code " +
                    std::to_string(code));
  }
}

}  // namespace

void fetch_file(const data::OfficialFile& file, const std::string& folder, bool quiet) {
  make_folder(folder);
  const std::string path = folder + "/" + std::string(file.name);
  if (is_published(path, file.md5)) {
    if (!quiet) log(printable(path) + ": is there");
  } else {
    if (!quiet) log(printable(path) + ": downloading " + std::string(file.url));
    download(file, path, quiet);
  }
  if (file.name.ends_with(".tar.gz")) unpack(path, folder);
}

}  // namespace fracbit::apps
