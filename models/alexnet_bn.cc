#include "fracbit/models/blocks.h"

namespace fracbit::models {
namespace {

constexpr double kDropout = 0.5;

std::shared_ptr<Module> build(const Spec& spec) {
  return Blocks(spec)
      .conv({.out = 96, .kernel = 11, .stride = 4, .pool = 3, .pool_stride = 2, .padding = 2})
      .conv({.out = 256, .kernel = 5, .pool = 3, .pool_stride = 2})
      .conv({.out = 384})
      .conv({.out = 384})
      .conv({.out = 256, .pool = 3, .pool_stride = 2})
      .dense(4096, kDropout)
      .dense(4096, kDropout)
      .dense_classifier(true);
}

}  // namespace

extern const Entry alexnet_bn_entry;
const Entry alexnet_bn_entry{.name = "alexnet-bn",
                             .summary = "AlexNet without groups, with batch normalisation",
                             .paper = "Krizhevsky et al. 2012; Fromm et al. 2018, sec. 4.1",
                             .input = {224, 224, 3},
                             .classes = 1000,
                             .parameters = 62368776,
                             .macs = 1135256096,
                             .make = build};

}  // namespace fracbit::models
