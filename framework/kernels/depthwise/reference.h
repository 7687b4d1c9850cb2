#pragma once

#include "fracbit/framework/kernels/depthwise/depthwise.h"

/// The definitions of depthwise.h as loops. Tests hold every instruction set against them.
namespace fracbit::kernels::depthwise::reference {

void product(const Run& run, const real* w, const real* start, real* y) noexcept;
void outer(const Run& run, const real* dy, real* dw) noexcept;

}  // namespace fracbit::kernels::depthwise::reference
