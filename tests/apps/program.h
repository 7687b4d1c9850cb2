#pragma once

#include <sys/types.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fracbit::test {

/// How a call of the program ended: exit code (128 + N after signal N) and what it wrote.
struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;

  /// stdout as the one JSON object it must hold.
  nlohmann::json json() const;
};

/// One call of the built program. The environment holds no FRACBIT_ variables but these.
struct Call {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment = {};
  std::string folder = "";       ///< working directory; empty: this one
  std::string out_file = "";     ///< where stdout goes; empty: into Outcome::out
  bool close_stdout = false;     ///< start it without a stdout
  long file_limit_bytes = -1;    ///< largest file it may write; -1: any
  long memory_limit_bytes = -1;  ///< most memory it may have; -1: any
};

/// A running program. Killed at the end of its life if it has not ended by itself.
class Process {
 public:
  explicit Process(const Call& call);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void send(int signal_number) const;
  bool running();
  Outcome wait();

 private:
  [[noreturn]] void execute(const Call& call) const;

  std::string out_path_;
  std::string err_path_;
  pid_t child_ = -1;
  int status_ = 0;
};

/// Runs the program to its end.
Outcome run(const Call& call);
Outcome run(std::vector<std::string> arguments);

/// Whether an error is told as it should: this exit code, nothing on stdout, and one line
/// "fracbit: error: WHERE: WHAT" on stderr that holds `part`. Empty if so, else what is wrong.
std::string error_fault(const Outcome& outcome, int exit_code, const std::string& part);

}  // namespace fracbit::test
