#include "fracbit/models/blocks.h"

namespace fracbit::models {
namespace {

std::shared_ptr<Module> build(const Spec& spec) {
  return Blocks(spec)
      .conv({.out = 64, .pool = 2})
      .conv({.out = 64, .pool = 2})
      .conv({.out = 128, .pool = 2})
      .conv_classifier();
}

}  // namespace

extern const Entry cifar4_entry;
const Entry cifar4_entry{.name = "cifar4",
                         .summary = "the small four-layer convolutional network of the HBNN paper",
                         .paper = "Fromm et al. 2018, sec. 4.2",
                         .input = {32, 32, 3},
                         .classes = 10,
                         .parameters = 123840,
                         .macs = 16109568,
                         .make = build};

}  // namespace fracbit::models
