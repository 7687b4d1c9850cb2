#pragma once

#include <cstdint>

#include "fracbit/framework/batch.h"
#include "fracbit/framework/module.h"

namespace fracbit {

/// Throws DivergedError, naming the first parameter or buffer that holds NaN or infinity and its
/// module, if there is one. `step` counts from 1.
void require_finite_state(Module& module, int64_t step);

/// The same for the gradients.
void require_finite_gradients(Module& module, int64_t step);

/// For a batch whose loss is not finite: throws DivergedError that names the module in which that
/// begins, or the loss. Looks at parameters and buffers, then runs `module` forward once more and
/// looks at outputs, so buffers may change.
[[noreturn]] void throw_diverged(Module& module, const Batch& batch, int64_t step);

}  // namespace fracbit
