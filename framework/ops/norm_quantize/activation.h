#pragma once

#include "fracbit/framework/ops/norm_quantize.h"

namespace fracbit::kernels::norm {
struct Activation;
}

namespace fracbit::ops {

/// An activation as the kernels compute it.
kernels::norm::Activation activation_of(BlockActivation activation);
/// With the window that the options give an identity.
kernels::norm::Activation activation_of(const NormQuantizeOptions& options);

}  // namespace fracbit::ops
