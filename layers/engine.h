#pragma once

namespace fracbit::layers {

/// What computes the products of quantized layers.
enum class Engine {
  packed,     ///< bitplanes, the real way
  simulated,  ///< floats on the quantized levels: the reference that tests hold the packed engine
              ///< against
};

}  // namespace fracbit::layers
