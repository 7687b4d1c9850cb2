#include "fracbit/models/blocks.h"

namespace fracbit::models {
namespace {

/// A depthwise 3x3 convolution for each channel, then a dense 1x1 convolution across them.
void separable(Blocks& net, int64_t out, int64_t stride) {
  net.depthwise(stride).conv({.out = out, .kernel = 1});
}

std::shared_ptr<Module> build(const Spec& spec) {
  Blocks net(spec);
  net.conv({.out = 32, .stride = 2});
  separable(net, 64, 1);
  for (const int64_t width : {128, 256}) {
    separable(net, width, 2);
    separable(net, width, 1);
  }
  separable(net, 512, 2);
  for (int i = 0; i < 5; ++i) separable(net, 512, 1);
  separable(net, 1024, 2);
  separable(net, 1024, 1);
  return net.mean_dense_classifier();
}

}  // namespace

extern const Entry mobilenet_entry;
const Entry mobilenet_entry{.name = "mobilenet",
                            .summary = "MobileNet v1: 13 depthwise and 1x1 convolutions, width 1.0",
                            .paper = "Howard et al. 2017, MobileNets; Fromm et al. 2018, sec. 4.6",
                            .input = {224, 224, 3},
                            .classes = 1000,
                            .parameters = 4210088,
                            .macs = 568740352,
                            .make = build};

}  // namespace fracbit::models
