#include "fracbit/framework/evaluate.h"

#include <chrono>

#include "fracbit/framework/loss.h"
#include "fracbit/framework/metrics.h"

namespace fracbit {

namespace {

/// Puts a module into evaluation mode while one lives.
class EvaluationMode {
 public:
  explicit EvaluationMode(Module& module) : module_(module), before_(module.training()) {
    module_.eval();
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;
  ~EvaluationMode() { module_.train(before_); }

 private:
  Module& module_;
  bool before_;
};

}  // namespace

Evaluation evaluate(Module& module, BatchSource& source, const EvaluateOptions& options) {
  const LossSpec spec{options.loss};
  check_loss(spec);
  const EvaluationMode mode(module);
  const NoGrad no_grad;
  const auto start = std::chrono::steady_clock::now();
  Evaluation result;
  TopCounts counts;
  double loss_sum = 0;
  Batch batch;
  source.start(0);
  while (result.complete && source.next(batch)) {
    const Variable logits = module(Variable(batch.images));
    const double mean = static_cast<double>(loss(spec, logits, batch.labels).value()[0]);
    const TopCounts found = count_top(logits.value(), batch.labels);
    loss_sum += mean * static_cast<double>(found.images);
    counts += found;
    if (options.on_scores) options.on_scores(logits.value(), batch.labels);
    if (options.on_batch) result.complete = options.on_batch(counts.images, source.samples());
  }
  result.images = counts.images;
  if (counts.images > 0) result.loss = loss_sum / static_cast<double>(counts.images);
  result.top1 = percent(counts.top1, counts.images);
  result.top5 = percent(counts.top5, counts.images);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  result.seconds = elapsed.count();
  if (result.seconds > 0) {
    result.images_per_second = static_cast<double>(counts.images) / result.seconds;
  }
  return result;
}

}  // namespace fracbit
