#include "fracbit/apps/progress.h"

#include <algorithm>

#include "fracbit/apps/console.h"
#include "fracbit/apps/table.h"
#include "fracbit/apps/value.h"

namespace fracbit::apps {
namespace {

constexpr std::chrono::milliseconds kRedraw(100);
constexpr std::chrono::seconds kLineEvery(5);

std::string count(const char* what, int64_t done, int64_t of) {
  return std::string(what) + " " + std::to_string(done) + "/" + std::to_string(of);
}

double ratio(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Seconds until all epochs are trained, at the rate of this one; evaluations not counted.
double seconds_left(const StepReport& report) {
  const int64_t steps =
      (report.epochs - report.epoch) * report.batches + report.batches - report.batch;
  return static_cast<double>(steps) * ratio(report.images, report.batch) / report.images_per_second;
}

}  // namespace

Progress::Progress(bool quiet)
    : quiet_(quiet), terminal_(stderr_is_terminal()), last_shown_(Clock::now()) {}

Progress::~Progress() {
  clear_bar();
}

void Progress::step(const StepReport& report) {
  constexpr double kNewest = 0.05;
  ++steps_;
  loss_ += std::max(kNewest, 1 / static_cast<double>(steps_)) * (report.loss - loss_);
  if (quiet_ || report.images_per_second <= 0) return;
  show(count("epoch", report.epoch, report.epochs) + "  " +
           count("batch", report.batch, report.batches) + "  loss " + fixed(loss_, 4) + "  " +
           fixed(report.images_per_second, 0) + " images/s  " + clock_text(seconds_left(report)) +
           " left",
       ratio(report.batch, report.batches));
}

void Progress::evaluating(int64_t images, int64_t of) {
  if (!quiet_) show(count("evaluating", images, of), ratio(images, of));
}

void Progress::epoch(const EpochReport& report, int64_t epochs) {
  line(count("epoch", report.epoch, epochs) + "  lr " + fixed(report.lr, 6) + "  train loss " +
       fixed(report.train_loss, 4) + ", " + fixed(report.train_top1, 2) + " %  test loss " +
       fixed(report.test_loss, 4) + ", " + fixed(report.test_top1, 2) + " %  " +
       fixed(report.images_per_second, 0) + " images/s  " + fixed(report.seconds, 1) + " s");
}

void Progress::line(const std::string& text) {
  if (quiet_) return;
  clear_bar();
  log(text);
  last_shown_ = Clock::now();
}

void Progress::show(const std::string& text, double share) {
  const auto now = Clock::now();
  if (now - last_shown_ < (terminal_ ? Clock::duration(kRedraw) : kLineEvery)) return;
  last_shown_ = now;
  if (!terminal_) {
    log(text);
    return;
  }
  write_stderr("\r\x1b[K" + bar(text, share));
  bar_shown_ = true;
}

void Progress::clear_bar() {
  if (bar_shown_) write_stderr("\r\x1b[K");
  bar_shown_ = false;
}

std::string Progress::bar(const std::string& text, double share) const {
  constexpr int kWidest = 30;
  constexpr int kNarrowest = 4;
  const int columns = terminal_width();
  const int width = std::min(columns - static_cast<int>(text.size()) - 5, kWidest);
  if (width < kNarrowest) return text.substr(0, static_cast<size_t>(std::max(columns - 1, 0)));
  const auto full = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * width);
  const bool colors = colors_welcome();
  std::string out = "[";
  if (colors) out += "\x1b[36m";
  out.append(full, '#');
  if (colors) out += "\x1b[0m";
  out.append(static_cast<size_t>(width) - full, '.');
  return out + "]  " + text;
}

}  // namespace fracbit::apps
