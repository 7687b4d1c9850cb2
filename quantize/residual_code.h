#pragma once

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/int_tensor.h"
#include "fracbit/quantize/deploy/stored.h"
#include "fracbit/quantize/widths.h"

namespace fracbit::quantize {

/// Mean of |x| in each of `groups` equal, contiguous parts: [groups].
Tensor group_mean_abs(const Tensor& x, int64_t groups);

/// Scales of a masked residual code. With E_0 = x, for n = 1 .. terms: J = elements of width >= n,
/// mu_n = mean of |E_(n-1)| over J (0 if J is empty), E_n = E_(n-1) - mu_n sgn(E_(n-1)).
///
/// Shapes   x of any shape, in groups = first.size() contiguous parts; first [groups] is mu_1, the
///          mean of |x|, since every element has at least one bit; result [groups, terms]
/// Paper    Fromm et al. 2018, eq. 4 and 5
Tensor fit_scales(const Tensor& x, const Tensor& first, int terms, const Widths& widths);

/// Values sum over n <= M_j of mu_n sgn(E_(n-1)), in floats; for one term levels +-1 with scales
/// mu_1. mu [groups, terms]. On a grid of range `grid` (0: none), for several terms, integer levels
/// sum over n <= M_j of m_n sgn(E_(n-1)) with one step per group as scale (level_grid.h).
ScaledLevels residual_levels(const Tensor& x, const Tensor& mu, const Widths& widths, int grid = 0);

/// The same packed: sign and mask planes per term; for one term bipolar codes, and on a grid codes
/// level + grid, whose products are exact.
ScaledBits residual_bits(const Tensor& x, const Tensor& mu, const Widths& widths, int grid = 0);

/// The integer levels of one term or of a grid, with their scales.
ScaledInts residual_ints(const Tensor& x, const Tensor& mu, const Widths& widths, int grid);

/// Weights of such a code as a deployed network stores them: planes, and on a grid its scales.
deploy::StoredWeights stored_residual(const Tensor& w, const Tensor& mu, const Widths& widths,
                                      int grid);

/// The straight-through window that widens with the width: dx_j = dy_j where |x_j| <= M_j.
Tensor pass_inside_width(const Tensor& x, Tensor dy, const Widths& widths);

}  // namespace fracbit::quantize
