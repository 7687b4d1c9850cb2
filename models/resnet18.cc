#include "fracbit/models/blocks.h"

namespace fracbit::models {
namespace {

std::shared_ptr<Module> build(const Spec& spec) {
  Blocks net(spec);
  net.conv({.out = 64,
            .kernel = 7,
            .stride = 2,
            .pool = 3,
            .pool_stride = 2,
            .pool_padding = 1,
            .padding = 3});
  for (const int64_t width : {64, 128, 256, 512}) {
    net.residual(width, width == 64 ? 1 : 2).residual(width, 1);
  }
  return net.mean_dense_classifier();
}

}  // namespace

extern const Entry resnet18_entry;
const Entry resnet18_entry{.name = "resnet18",
                           .summary = "eight residual blocks of two 3x3 convolutions",
                           .paper = "He et al. 2016, Deep Residual Learning",
                           .input = {224, 224, 3},
                           .classes = 1000,
                           .parameters = 11679912,
                           .macs = 1814073344,
                           .make = build};

}  // namespace fracbit::models
