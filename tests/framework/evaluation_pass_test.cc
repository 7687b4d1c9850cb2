// A product that normalises and activates where it stores its sums gives the bits of one that is
// passed over afterwards.

#include "fracbit/framework/ops/norm_quantize/evaluation_pass.h"

#include <cstring>
#include <vector>

#include "fracbit/framework/ops/conv2d.h"
#include "fracbit/framework/ops/depthwise_conv2d.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/parallel.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

/// The same pass, but never where sums are stored.
class Afterwards : public ops::PixelPass {
 public:
  explicit Afterwards(ops::PixelPass& pass) : pass_(pass) {}
  void start(int64_t blocks, int64_t channels) override { pass_.start(blocks, channels); }
  void add(int64_t block, real* first, int64_t pixels) override { pass_.add(block, first, pixels); }

 private:
  ops::PixelPass& pass_;
};

struct Case {
  Shape x;
  Shape weight;
  ops::Conv2dOptions options;
};

Tensor product(const Case& c, ops::PixelPass& pass) {
  const Tensor x = ops::example_tensor(c.x, 1), weight = ops::example_tensor(c.weight, 2);
  const Tensor bias = ops::example_tensor({c.weight[0]}, 3);
  const bool depthwise = c.weight[3] == 1 && c.x[3] > 1;
  return depthwise ? ops::depthwise_conv2d_forward(x, weight, &bias, c.options, &pass)
                   : ops::conv2d_forward(x, weight, &bias, c.options, &pass);
}

void check(const Case& c, ops::BlockActivation activation) {
  const Shape channels{c.weight[0]};
  ops::EvaluationPass pass(ops::example_tensor(channels, 4), ops::example_tensor(channels, 5),
                           ops::example_tensor(channels, 6),
                           ops::example_tensor(channels, 7, 0.2, 2), {}, activation);
  Afterwards afterwards(pass);
  set_threads(1);
  const Tensor expected = product(c, afterwards);
  for (const int threads : {1, 2, 3}) {
    set_threads(threads);
    const Tensor got = product(c, pass);
    INFO(threads << " threads");
    CHECK(std::memcmp(got.data(), expected.data(),
                      static_cast<size_t>(got.size()) * sizeof(real)) == 0);
  }
  set_threads(0);
}

}  // namespace

TEST_CASE("products finish where they store as a pass does afterwards") {
  const ops::Conv2dOptions padded{.padding_begin = 1, .padding_end = 1};
  const ops::Conv2dOptions strided{.stride = 2, .padding_begin = 1, .padding_end = 1};
  const std::vector<Case> cases{
      {{2, 5, 7, 3}, {5, 3, 3, 3}, padded},        // by way of a padded copy
      {{3, 6, 6, 40}, {70, 3, 3, 40}, strided},    // a panel with padding
      {{2, 13, 11, 20}, {48, 1, 1, 20}, {}},       // a narrow panel
      {{8, 16, 16, 16}, {32, 3, 3, 16}, padded},   // Winograd
      {{8, 7, 7, 300}, {219, 3, 3, 300}, padded},  // the same, all tiles together
      {{2, 6, 6, 12}, {18, 3, 3, 4}, {.padding_begin = 1, .padding_end = 1, .groups = 3}},
      {{2, 9, 9, 37}, {37, 3, 3, 1}, strided},
      {{2, 9, 9, 32}, {32, 5, 5, 1}, padded},
      {{4, 160, 160, 3}, {32, 1, 1, 3}, {}},  // larger than caches
      {{4, 160, 160, 32}, {32, 3, 3, 1}, padded},
  };
  for (const Case& c : cases) {
    CAPTURE(to_string(c.x), to_string(c.weight));
    check(c, ops::BlockActivation::relu);
    check(c, ops::BlockActivation::cabs);
  }
  check(cases[1], ops::BlockActivation::identity);
  check(cases[1], ops::BlockActivation::clip01);
}
