#include "fracbit/models/blocks.h"

namespace fracbit::models {
namespace {

std::shared_ptr<Module> build(const Spec& spec) {
  return Blocks(spec).dense(1024).dense(1024).dense(1024).dense_classifier(true);
}

}  // namespace

extern const Entry mlp_entry;
const Entry mlp_entry{.name = "mlp",
                      .summary = "784-1024-1024-1024-10 perceptron for digits",
                      .paper = "LeCun et al. 1998",
                      .input = {28, 28, 1},
                      .classes = 10,
                      .parameters = 2910218,
                      .macs = 2910208,
                      .make = build};

}  // namespace fracbit::models
