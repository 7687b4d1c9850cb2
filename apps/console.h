#pragma once

#include <string>
#include <string_view>

namespace fracbit::apps {

/// Closed standard streams become harmless ones, so that no file of ours gets their number; a
/// closed pipe and a full file become errors of write instead of signals.
void prepare_streams();

/// Writes a whole result. Throws WriteError if stdout takes not all of it; a reader that has gone
/// away throws ReaderGone.
void write_stdout(std::string_view text);
struct ReaderGone {};

/// One line on stderr; failure is ignored, because there is nobody left to tell.
void log(std::string_view line);
/// "fracbit: warning: WHAT"
void warn(std::string_view what);
/// "fracbit: error: WHAT", always one line.
void report_error(std::string_view what);
/// Raw text on stderr: the progress bar.
void write_stderr(std::string_view text);

/// Whether stderr is a terminal that lines can be drawn anew on (TERM=dumb is none), whether
/// colours are welcome there (NO_COLOR), and its width in columns.
bool stderr_is_terminal();
bool colors_welcome();
int terminal_width();

/// The text with control characters as \xNN, so that names of files cannot break lines or
/// terminals.
std::string printable(std::string_view text);

}  // namespace fracbit::apps
