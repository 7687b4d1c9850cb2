#include "fracbit/models/blocks.h"

namespace fracbit::models {
namespace {

/// (2 x nC3)-MP2-(2 x 2nC3)-MP2-(2 x 4nC3)-MP2-8nFC-10, n = width.
std::shared_ptr<Module> build(const Spec& spec, int64_t width) {
  return Blocks(spec)
      .conv({.out = width})
      .conv({.out = width, .pool = 2})
      .conv({.out = 2 * width})
      .conv({.out = 2 * width, .pool = 2})
      .conv({.out = 4 * width})
      .conv({.out = 4 * width, .pool = 2})
      .dense(8 * width)
      .dense_classifier(false);
}

}  // namespace

extern const Entry vgg8_entry;
const Entry vgg8_entry{.name = "vgg8",
                       .summary = "six 3x3 convolutions and two dense layers, width 64",
                       .paper = "Alemdar et al. 2016, Ternary Neural Networks, CNN-Small",
                       .input = {32, 32, 3},
                       .classes = 10,
                       .parameters = 3246784,
                       .macs = 154866688,
                       .make = [](const Spec& spec) { return build(spec, 64); }};

extern const Entry vgg8_big_entry;
const Entry vgg8_big_entry{.name = "vgg8-big",
                           .summary = "six 3x3 convolutions and two dense layers, width 128",
                           .paper = "Alemdar et al. 2016, Ternary Neural Networks, CNN-Big",
                           .input = {32, 32, 3},
                           .classes = 10,
                           .parameters = 12973440,
                           .macs = 615917568,
                           .make = [](const Spec& spec) { return build(spec, 128); }};

}  // namespace fracbit::models
