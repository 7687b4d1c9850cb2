#include "fracbit/framework/metrics.h"

#include <cmath>
#include <limits>

#include "fracbit/framework/error.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace fracbit;
using fracbit::test::read_bytes;
using fracbit::test::TemporaryFolder;
using fracbit::test::write_bytes;

namespace {

EpochReport row(int64_t epoch) {
  EpochReport report;
  report.epoch = epoch;
  report.step = 10 * epoch;
  report.lr = 0.1;
  report.train_loss = 1.0 / 3;
  report.train_top1 = 50;
  report.test_loss = 1e-20;
  report.test_top1 = 60.5;
  report.test_top5 = 100;
  report.images_per_second = 1234.5;
  report.seconds = 2;
  return report;
}

}  // namespace

TEST_CASE("metrics: top-1 and top-5 of seven classes") {
  const Tensor logits = Tensor::from({3, 7}, {9, 8, 7, 6, 5, 4, 3,  //
                                              9, 8, 7, 6, 5, 4, 3,  //
                                              9, 8, 7, 6, 5, 4, 3});
  const TopCounts counts = count_top(logits, std::vector<int32_t>{0, 4, 5});
  CHECK(counts.images == 3);
  CHECK(counts.top1 == 1);
  CHECK(counts.top5 == 2);
}

TEST_CASE("metrics: equal logits go to the lower class, NaN is no hit") {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  const auto top1 = [](const Tensor& logits, int32_t label) {
    return count_top(logits, std::vector<int32_t>{label}).top1;
  };
  const Tensor equal = Tensor::full({1, 3}, 1);
  CHECK(top1(equal, 0) == 1);
  CHECK(top1(equal, 1) == 0);
  CHECK(top1(Tensor::from({1, 2}, {nan, 1}), 0) == 0);
  CHECK(top1(Tensor::from({1, 2}, {nan, 1}), 1) == 0);
  CHECK(count_top(Tensor::from({1, 2}, {0, 1}), std::vector<int32_t>{0}).top5 == 1);
}

TEST_CASE("metrics: labels must fit the logits") {
  CHECK_THROWS_AS(count_top(Tensor::zeros({2, 3}), std::vector<int32_t>{0}), ShapeError);
  CHECK_THROWS_AS(count_top(Tensor::zeros({1, 3}), std::vector<int32_t>{3}), ShapeError);
  CHECK_THROWS_AS(count_top(Tensor::zeros({1, 3}), std::vector<int32_t>{-1}), ShapeError);
}

TEST_CASE("metrics: a row as CSV and as JSON and back") {
  CHECK(csv_heading() ==
        "epoch,step,lr,train_loss,train_top1,test_loss,test_top1,test_top5,images_per_second,"
        "seconds");
  CHECK(to_csv(row(2)) == "2,20,0.1,0.3333333333333333,50,1e-20,60.5,100,1234.5,2");
  const std::string json = to_json(row(2));
  CHECK(json ==
        R"({"epoch": 2, "step": 20, "lr": 0.1, "train_loss": 0.3333333333333333, "train_top1": 50,)"
        R"( "test_loss": 1e-20, "test_top1": 60.5, "test_top5": 100, "images_per_second": 1234.5,)"
        R"( "seconds": 2})");
  CHECK(to_json(epoch_report_from_json(json, "x")) == json);
}

TEST_CASE("metrics: what was not measured is an empty field and null") {
  EpochReport report = row(1);
  report.test_loss = report.test_top1 = report.test_top5 = EpochReport::kNone;
  CHECK(to_csv(report) == "1,10,0.1,0.3333333333333333,50,,,,1234.5,2");
  const EpochReport back = epoch_report_from_json(to_json(report), "x");
  CHECK(std::isnan(back.test_top1));
  CHECK(back.train_top1 == 50);
}

TEST_CASE("metrics: other JSON is refused") {
  for (const char* text : {"", "{", "[]", "1", "{}", R"({"epoch": 1.5})", R"({"epoch": null})"}) {
    CHECK_THROWS_AS(epoch_report_from_json(text, "x"), FileError);
  }
  std::string json = to_json(row(1));
  json.replace(json.find("0.1"), 3, "\"a\"");
  CHECK_THROWS_AS(epoch_report_from_json(json, "x"), FileError);
}

TEST_CASE("metrics: a log is read back, cut and continued") {
  const TemporaryFolder folder;
  MetricsLog log(folder.path());
  for (int64_t epoch = 1; epoch <= 3; ++epoch) log.append(row(epoch));

  MetricsLog resumed(folder.path());
  CHECK(resumed.rows().empty());
  resumed.read();
  REQUIRE(resumed.rows().size() == 3);
  resumed.keep_until(1);
  resumed.append(row(2));
  const std::string expected = csv_heading() + "\n" + to_csv(row(1)) + "\n" + to_csv(row(2)) + "\n";
  CHECK(read_bytes(folder / "metrics.csv") == expected);
  CHECK(read_bytes(folder / "metrics.jsonl") == to_json(row(1)) + "\n" + to_json(row(2)) + "\n");
}

TEST_CASE("metrics: a damaged log is refused, with its line") {
  const TemporaryFolder folder;
  write_bytes(folder / "metrics.jsonl", to_json(row(1)) + "\n{\"epoch\": 2\n");
  try {
    MetricsLog log(folder.path());
    log.read();
    FAIL("no error");
  } catch (const FileError& error) {
    CHECK(std::string(error.what()).find("metrics.jsonl:2: ") != std::string::npos);
  }
}
