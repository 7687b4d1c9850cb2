#include "fracbit/apps/exit_code.h"

#include <csignal>
#include <new>
#include <string>
#include <system_error>

#include "fracbit/apps/console.h"
#include "fracbit/framework/error.h"

namespace fracbit::apps {
namespace {

/// The library says "[op] expects ..."; the program "op: expects ...".
int fail(std::string_view what, int code) {
  const size_t end = what.find("] ");
  if (what.starts_with('[') && end != std::string_view::npos) {
    report_error(std::string(what.substr(1, end - 1)).append(": ").append(what.substr(end + 2)));
  } else {
    report_error(what);
  }
  return code;
}

}  // namespace

const char* const kExitCodeHelp =
    "  0  done\n"
    "  1  internal error\n"
    "  2  usage or configuration\n"
    "  3  bad input file (data, model, checkpoint, image)\n"
    "  4  training diverged (NaN or infinity)\n"
    "  5  could not write (disk full, permission)\n"
    "  6  out of memory\n"
    "  128+N  stopped by signal N after saving\n";

int guarded(const std::function<int()>& body) {
  try {
    return body();
  } catch (const ConfigError& error) {
    return fail(error.what(), kUsageError);
  } catch (const ShapeError& error) {
    return fail(error.what(), kUsageError);
  } catch (const FileError& error) {
    return fail(error.what(), kBadInputFile);
  } catch (const DivergedError& error) {
    return fail(error.what(), kDiverged);
  } catch (const WriteError& error) {
    return fail(error.what(), kCouldNotWrite);
  } catch (const ReaderGone&) {
    return kSignalBase + SIGPIPE;
  } catch (const std::bad_alloc&) {
    return fail("memory: there is not enough; a smaller batch or model needs less", kOutOfMemory);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) {
      return fail("threads: the system starts no more of them", kOutOfMemory);
    }
    return fail(std::string("internal: ") + error.what(), kInternalError);
  } catch (const std::exception& error) {
    return fail(std::string("internal: ") + error.what(), kInternalError);
  }
}

}  // namespace fracbit::apps
