#pragma once

namespace fracbit {

/// The number type of tensors. float everywhere but in the gradient tests, which compile the same
/// sources once more in double to compare analytic with numeric derivatives.
#ifdef FRACBIT_REAL_DOUBLE
using real = double;
#else
using real = float;
#endif

}  // namespace fracbit
