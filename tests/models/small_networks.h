#pragma once

#include <memory>

#include "fracbit/models/blocks.h"

namespace fracbit::test {

/// The blocks of mobilenet and of resnet18, a few channels wide.
inline std::shared_ptr<Module> small_mobilenet(const models::Spec& spec) {
  return models::Blocks(spec)
      .conv({.out = 6, .stride = 2})
      .depthwise(1)
      .conv({.out = 8, .kernel = 1})
      .depthwise(2)
      .conv({.out = 10, .kernel = 1})
      .mean_dense_classifier();
}

inline std::shared_ptr<Module> small_resnet(const models::Spec& spec) {
  return models::Blocks(spec)
      .conv({.out = 6, .pool = 3, .pool_stride = 2, .pool_padding = 1})
      .residual(6, 1)
      .residual(8, 2)
      .mean_dense_classifier();
}

}  // namespace fracbit::test
