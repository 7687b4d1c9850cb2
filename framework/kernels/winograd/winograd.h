#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// The transforms of Winograd's minimal filtering, on rows of channels: F(4x4, 3x3) and F(2x2,
/// 5x5). A tile Y of the correlation of 6x6 pixels d with a kernel g is A^T [(G g G^T) * (B^T d B)]
/// A, with one multiplication per position p = 6 i + j of a 6x6 square instead of 144 or 100.
/// Transformed rows lie `step` apart, position after position. A channel does not see the others.
/// Paper    Lavin and Gray 2015, Fast Algorithms for Convolutional Neural Networks, sec. 4
namespace fracbit::kernels::winograd {

inline constexpr int64_t kReach = 6;                    ///< pixels that a tile sees, squared
inline constexpr int64_t kPositions = kReach * kReach;  ///< products per tile, channel and filter
inline constexpr int64_t kMostTaps = 25;

/// v[p step + c] = (B^T d B)_p for c < channels, where d_ij is row d[6 i + j].
using Input = void (*)(const real* const* d, int64_t channels, real* v, int64_t step) noexcept;

/// y[tile i + j][c] = start[c] + (A^T M A)_ij, where M_p is row m + p step. Rows of y may repeat.
using Output = void (*)(const real* m, int64_t step, int64_t channels, const real* start,
                        real* const* y) noexcept;

/// u[p step + c] = (G g G^T)_p, where g_ij is row g[size i + j].
using Weights = void (*)(const real* const* g, int64_t channels, real* u, int64_t step) noexcept;

/// w[p step + c] = (A dY A^T)_p, where dY_ij is row dy[tile i + j].
using OutputGradient = void (*)(const real* const* dy, int64_t channels, real* w,
                                int64_t step) noexcept;

/// dg[size i + j][c] = (G^T dU G)_ij, where dU_p is row u + p step.
using WeightGradient = void (*)(const real* u, int64_t step, int64_t channels,
                                real* const* dg) noexcept;

/// The transforms of kernels of one size, with tiles of 7 - size pixels squared.
struct Transforms {
  Input input;  ///< the same for all sizes
  Output output;
  Weights weights;
  OutputGradient output_gradient;
  WeightGradient weight_gradient;
};

/// The kernels of one instruction set.
struct Kernels {
  Transforms size3;
  Transforms size5;
};

/// Kernels of an instruction set, by its name, or those of the nearest lesser one. The caller has
/// made sure that this CPU has it. Reals in double know only the portable ones.
const Kernels& find(const char* isa) noexcept;

extern const Kernels kScalar;
extern const Kernels kNeon;
extern const Kernels kAvx2;
extern const Kernels kAvx512;
/// The definitions as loops over matrices, for tests.
extern const Kernels kReference;

}  // namespace fracbit::kernels::winograd
