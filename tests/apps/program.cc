#include "apps/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "support/temporary_folder.h"

extern char** environ;

namespace fracbit::test {
namespace {

std::string temporary_file() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fracbit-XXXXXX").string();
  const int file = ::mkstemp(pattern.data());
  if (file < 0) throw std::runtime_error("no temporary file");
  ::close(file);
  return pattern;
}

std::string take_file(const std::string& path) {
  std::string content = read_bytes(path);
  std::filesystem::remove(path);
  return content;
}

std::vector<std::string> environment_of(const Call& call) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const bool replaced = call.environment.contains(text.substr(0, text.find('=')));
    if (!replaced && !text.starts_with("FRACBIT_")) entries.push_back(text);
  }
  for (const auto& [name, value] : call.environment) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

void redirect(int descriptor, const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0 || ::dup2(file, descriptor) < 0) ::_exit(126);
  ::close(file);
}

void limit(__rlimit_resource resource, long bytes) {
  if (bytes < 0) return;
  const rlimit both = {static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  if (::setrlimit(resource, &both) != 0) ::_exit(126);
}

}  // namespace

nlohmann::json Outcome::json() const {
  nlohmann::json object = nlohmann::json::parse(out);
  if (!object.is_object()) throw std::runtime_error("stdout is no JSON object: " + out);
  return object;
}

Process::Process(const Call& call) : out_path_(temporary_file()), err_path_(temporary_file()) {
  child_ = ::fork();
  if (child_ < 0) throw std::runtime_error("cannot fork");
  if (child_ == 0) execute(call);
}

Process::~Process() {
  if (child_ < 0) return;
  send(SIGKILL);
  wait();
}

void Process::execute(const Call& call) const {
  const char* program = ::getenv("FRACBIT_PROGRAM");
  if (program == nullptr) ::_exit(127);
  std::vector<std::string> arguments = {program};
  arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
  std::vector<std::string> environment = environment_of(call);
  redirect(STDOUT_FILENO, call.out_file.empty() ? out_path_ : call.out_file);
  redirect(STDERR_FILENO, err_path_);
  if (call.close_stdout) ::close(STDOUT_FILENO);
  if (!call.folder.empty() && ::chdir(call.folder.c_str()) != 0) ::_exit(126);
  limit(RLIMIT_FSIZE, call.file_limit_bytes);
  limit(RLIMIT_AS, call.memory_limit_bytes);
  ::execve(program, pointers(arguments).data(), pointers(environment).data());
  ::_exit(127);
}

void Process::send(int signal_number) const {
  ::kill(child_, signal_number);
}

bool Process::running() {
  siginfo_t info = {};
  ::waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT);
  return info.si_pid == 0;
}

Outcome Process::wait() {
  while (::waitpid(child_, &status_, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
  Outcome outcome;
  outcome.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  outcome.out = take_file(out_path_);
  outcome.err = take_file(err_path_);
  return outcome;
}

Outcome run(const Call& call) {
  return Process(call).wait();
}

Outcome run(std::vector<std::string> arguments) {
  return run(Call{.arguments = std::move(arguments)});
}

std::string error_fault(const Outcome& outcome, int exit_code, const std::string& part) {
  const std::string& err = outcome.err;
  const std::string start = "fracbit: error: ";
  std::string fault;
  if (outcome.exit_code != exit_code) fault = "exit code " + std::to_string(outcome.exit_code);
  if (!outcome.out.empty()) fault = "something on stdout: " + outcome.out;
  if (std::ranges::count(err, '\n') != 1 || err.back() != '\n') fault = "not one line";
  if (!err.starts_with(start) || err.find(": ", start.size()) == std::string::npos) {
    fault = "not of the form 'fracbit: error: WHERE: WHAT'";
  }
  if (err.find(part) == std::string::npos) fault = "'" + part + "' is not named";
  return fault.empty() ? fault : fault + "; stderr: " + err;
}

}  // namespace fracbit::test
