#pragma once

#include "fracbit/framework/ops/winograd.h"
#include "fracbit/framework/ops/winograd_factors.h"

namespace fracbit::ops {

/// Whether all tiles are transformed before any is multiplied: with many weights and few tiles,
/// which caches hold.
bool winograd_takes_positions(const WinogradShape& shape);

/// The product of all tiles, position by position, with the weights of some filters after others:
/// so few that caches hold them between their transform and the products.
void winograd_by_positions(const WinogradShape& shape, const real* source,
                           const WinogradWeights& weights, const real* bias, real* result,
                           PixelPass* pass);

}  // namespace fracbit::ops
