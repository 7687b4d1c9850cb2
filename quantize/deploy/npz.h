#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/module.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::deploy {

/// The bytes of a NumPy archive (.npz, not compressed) of float32 arrays. Throws ConfigError for
/// more than 32 bits can address.
std::vector<std::byte> write_npz(const std::vector<std::pair<std::string, Tensor>>& arrays);

/// Parameters and buffers of a network as its deployed form uses them: quantized weights as the
/// reals they stand for, everything else as it is.
std::vector<std::pair<std::string, Tensor>> dequantized(Module& network);

}  // namespace fracbit::deploy
