#include "fracbit/framework/trainer.h"

#include <cmath>

#include "fracbit/framework/parallel.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "trainer_case.h"

using namespace fracbit;
using namespace fracbit::testing::trainer_case;
using fracbit::test::read_bytes;
using fracbit::test::TemporaryFolder;

TEST_CASE("trainer: learns, reports every epoch and keeps the best") {
  const TemporaryFolder folder;
  Run run({.checkpoint = folder / "last.ckpt", .best_checkpoint = folder / "best.ckpt"});
  int64_t steps = 0;
  run.trainer->on_step([&](const StepReport& report) {
    CHECK(report.step == ++steps);
    CHECK(report.batches == kBatches);
    CHECK(report.epoch == (steps - 1) / kBatches + 1);
    CHECK(std::isfinite(report.loss));
  });
  int64_t tested = 0;
  run.trainer->on_evaluate([&](int64_t images, int64_t of) {
    CHECK(images <= of);
    tested = images;
  });
  CHECK(run.fit() == TrainStatus::finished);
  CHECK(steps == 3 * kBatches);
  CHECK(tested == 50);
  CHECK(run.net.first().updates == steps);
  REQUIRE(run.rows.size() == 3);
  CHECK(run.rows[2].epoch == 3);
  CHECK(run.rows[2].step == steps);
  CHECK(run.rows[2].train_loss < run.rows[0].train_loss);
  CHECK(run.rows[2].test_top1 > 60);
  CHECK(run.rows[2].lr == optim::learning_rate(run.schedule, steps - 1));

  const Checkpoint last = load_checkpoint(folder / "last.ckpt");
  CHECK(last.position.epoch == 3);
  CHECK(last.position.batch == 0);
  const Checkpoint best = load_checkpoint(folder / "best.ckpt");
  CHECK(best.best_top1 == run.trainer->best_top1());
  CHECK(best.position.epoch == best.best_epoch);
  restore(best, run.net);
  CHECK(evaluate(run.net, run.test).top1 == run.trainer->best_top1());
  CHECK(run.fit() == TrainStatus::finished);
  CHECK(run.rows.size() == 3);
}

TEST_CASE("trainer: stopped after any step and resumed is as never stopped") {
  const TemporaryFolder folder;
  const std::string path = folder / "last.ckpt";
  Run whole({.checkpoint = folder / "whole.ckpt"});
  whole.fit();
  for (int64_t stop = 1; stop < 3 * kBatches; ++stop) {
    INFO("stopped after step " << stop);
    Run first({.checkpoint = path});
    REQUIRE(first.fit_until(stop) == TrainStatus::stopped);
    CHECK(load_checkpoint(path).position.step == stop);

    Run second({.checkpoint = path});
    second.trainer->resume(load_checkpoint(path));
    REQUIRE(second.fit() == TrainStatus::finished);
    CHECK(weights_sha256(second.net) == weights_sha256(whole.net));
    CHECK(read_bytes(path) == read_bytes(folder / "whole.ckpt"));
    std::vector<EpochReport> rows = first.rows;
    rows.insert(rows.end(), second.rows.begin(), second.rows.end());
    check_same_rows(rows, whole.rows);
  }
}

TEST_CASE("trainer: a run that is killed goes on from its latest checkpoint") {
  const TemporaryFolder folder;
  const std::string path = folder / "last.ckpt";
  Run whole;
  whole.fit();
  Run killed({.checkpoint = path, .checkpoint_steps = 4});
  killed.trainer->on_step([](const StepReport& report) {
    if (report.step == 11) throw std::runtime_error("killed");
  });
  CHECK_THROWS_AS(killed.fit(), std::runtime_error);
  const Checkpoint checkpoint = load_checkpoint(path);
  CHECK(checkpoint.position.step == 8);
  CHECK(checkpoint.position.epoch == 1);
  CHECK(checkpoint.position.batch == 1);
  Run resumed({.checkpoint = path});
  resumed.trainer->resume(checkpoint);
  resumed.fit();
  CHECK(weights_sha256(resumed.net) == weights_sha256(whole.net));
  REQUIRE(resumed.rows.size() == 2);
  CHECK(without_times(resumed.rows[0]) == without_times(whole.rows[1]));
}

TEST_CASE("trainer: stopped while it evaluates, it evaluates again") {
  const TemporaryFolder folder;
  const std::string path = folder / "last.ckpt";
  Run whole;
  whole.fit();
  Run first({.checkpoint = path});
  first.trainer->on_evaluate([&](int64_t, int64_t) { first.trainer->request_stop(); });
  CHECK(first.fit() == TrainStatus::stopped);
  CHECK(first.rows.empty());
  Run second;
  second.trainer->resume(load_checkpoint(path));
  CHECK(second.fit() == TrainStatus::finished);
  check_same_rows(second.rows, whole.rows);
  CHECK(weights_sha256(second.net) == weights_sha256(whole.net));
}

TEST_CASE("trainer: the same bits for 1, 2, 3 and 8 threads") {
  std::string expected;
  for (int count : {1, 2, 3, 8}) {
    set_threads(count);
    Run run;
    run.fit();
    const std::string hash = weights_sha256(run.net);
    if (expected.empty()) expected = hash;
    CHECK(hash == expected);
  }
  set_threads(0);
}

TEST_CASE("trainer: a stop before fit, and no time at all") {
  Run stopped;
  stopped.trainer->request_stop();
  CHECK(stopped.fit() == TrainStatus::stopped);
  CHECK(stopped.trainer->position().step == 0);
  CHECK(stopped.fit() == TrainStatus::finished);
  Run late({.max_minutes = 1e-12});
  CHECK(late.fit() == TrainStatus::out_of_time);
  CHECK(late.trainer->position().step == 0);
}

TEST_CASE("trainer: without a test set nothing is measured and nothing is best") {
  const TemporaryFolder folder;
  Run run({.best_checkpoint = folder / "best.ckpt"});
  CHECK(run.trainer->fit(run.train) == TrainStatus::finished);
  CHECK(std::isnan(run.rows.at(2).test_top1));
  CHECK(run.trainer->best_epoch() == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "best.ckpt"));
}

TEST_CASE("trainer: squared hinge learns too") {
  Run run({.loss = "cross-entropy"});
  Net net;
  optim::Sgd sgd(net.parameters(), {.momentum = 0.9});
  Trainer trainer(net, sgd, {.base_lr = 0.02}, {.epochs = 2, .loss = "squared-hinge"});
  std::vector<double> losses;
  trainer.on_epoch([&](const EpochReport& report) { losses.push_back(report.test_loss); });
  CHECK(trainer.fit(run.train, &run.test) == TrainStatus::finished);
  CHECK(losses.at(1) < losses.at(0));
}

TEST_CASE("evaluate: changes nothing and goes back to the mode before") {
  Run run;
  run.fit_until(10);
  const std::string before = weights_sha256(run.net);
  run.net.train();
  const Evaluation a = evaluate(run.net, run.test);
  CHECK(run.net.training());
  run.net.eval();
  const Evaluation b = evaluate(run.net, run.test);
  CHECK_FALSE(run.net.training());
  CHECK(grad_enabled());
  CHECK(a.images == 50);
  CHECK(a.loss == b.loss);
  CHECK(a.top1 == b.top1);
  CHECK(a.top5 == 100);
  CHECK(weights_sha256(run.net) == before);
  CHECK_THROWS_AS(evaluate(run.net, run.test, {.loss = "hinge"}), ConfigError);
}
