#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fracbit/framework/tensor.h"

namespace fracbit {

/// How many of some images have their label as the highest logit, and among the five highest.
struct TopCounts {
  int64_t images = 0;
  int64_t top1 = 0;
  int64_t top5 = 0;

  TopCounts& operator+=(const TopCounts& other);
};

/// Of logits [N, C] and N labels. Of equal logits the one with the lower index counts as higher;
/// NaN is never a hit. With five classes or fewer, top5 counts every image without NaN. Throws
/// ShapeError if the shapes do not fit or a label is not one of the C classes.
TopCounts count_top(const Tensor& logits, std::span<const int32_t> labels);

/// part / whole in percent; 0 of 0 is 0.
double percent(int64_t part, int64_t whole);

/// One row of the metrics of a run. NaN stands for what was not measured.
struct EpochReport {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  int64_t epoch = 0;             ///< epochs done
  int64_t step = 0;              ///< optimizer steps done
  double lr = 0;                 ///< of the last step
  double train_loss = 0;         ///< mean over the images of the epoch, as trained
  double train_top1 = 0;         ///< percent
  double test_loss = kNone;      ///< mean over the test images
  double test_top1 = kNone;      ///< percent
  double test_top5 = kNone;      ///< percent
  double images_per_second = 0;  ///< of training
  double seconds = 0;            ///< of the epoch with its evaluation
};

/// "epoch,step,lr,..." without an end of line.
std::string csv_heading();
/// The row, NaN as an empty field.
std::string to_csv(const EpochReport& report);
/// One JSON object on one line, NaN as null.
std::string to_json(const EpochReport& report);
/// The reverse of to_json. Throws FileError "<where>: ..." if the text is something else.
EpochReport epoch_report_from_json(std::string_view text, const std::string& where);

/// The metrics files of a run, metrics.csv and metrics.jsonl: one row per epoch. Each append
/// replaces both files atomically, so that they are whole whenever the process stops.
class MetricsLog {
 public:
  /// Without rows, whatever the files hold.
  explicit MetricsLog(const std::string& folder);

  /// Takes over the rows that metrics.jsonl holds. Throws FileError if it is damaged.
  void read();
  const std::vector<EpochReport>& rows() const { return rows_; }
  /// Drops the rows after `epoch` and writes the others. Throws WriteError.
  void keep_until(int64_t epoch);
  /// Throws WriteError.
  void append(const EpochReport& report);

 private:
  void write() const;

  std::string csv_;
  std::string jsonl_;
  std::vector<EpochReport> rows_;
};

}  // namespace fracbit
