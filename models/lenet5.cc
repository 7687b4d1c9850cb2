#include "fracbit/models/blocks.h"

namespace fracbit::models {
namespace {

std::shared_ptr<Module> build(const Spec& spec) {
  return Blocks(spec)
      .conv({.out = 32, .kernel = 5, .pool = 2})
      .conv({.out = 64, .kernel = 5, .pool = 2})
      .dense(512)
      .dense_classifier(true);
}

}  // namespace

extern const Entry lenet5_entry;
const Entry lenet5_entry{.name = "lenet5",
                         .summary = "two 5x5 convolutions and two dense layers for digits",
                         .paper = "Li et al. 2016, Ternary Weight Networks",
                         .input = {28, 28, 1},
                         .classes = 10,
                         .parameters = 1662762,
                         .macs = 12273152,
                         .make = build};

}  // namespace fracbit::models
