#include "fracbit/framework/kernels/winograd/winograd.h"

namespace fracbit::kernels::winograd {
namespace {

constexpr double kBt[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                              {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
constexpr double kG3[6][3] = {{1.0 / 4, 0, 0},
                              {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                              {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                              {1.0 / 24, 1.0 / 12, 1.0 / 6},
                              {1.0 / 24, -1.0 / 12, 1.0 / 6},
                              {0, 0, 1}};
constexpr double kAt3[4][6] = {
    {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};

constexpr double kG5[6][5] = {{1.0 / 4, 0, 0, 0, 0},
                              {-1.0 / 6, -1.0 / 6, -1.0 / 6, -1.0 / 6, -1.0 / 6},
                              {-1.0 / 6, 1.0 / 6, -1.0 / 6, 1.0 / 6, -1.0 / 6},
                              {1.0 / 24, 1.0 / 12, 1.0 / 6, 1.0 / 3, 2.0 / 3},
                              {1.0 / 24, -1.0 / 12, 1.0 / 6, -1.0 / 3, 2.0 / 3},
                              {0, 0, 0, 0, 1}};
constexpr double kAt5[2][6] = {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 1}};

template <int Rows, int Columns>
struct Turned {
  double value[Columns][Rows];
  constexpr explicit Turned(const double (&matrix)[Rows][Columns]) : value{} {
    for (int i = 0; i < Rows; ++i) {
      for (int j = 0; j < Columns; ++j) value[j][i] = matrix[i][j];
    }
  }
};
constexpr Turned kGt3(kG3);
constexpr Turned kGt5(kG5);
constexpr Turned kA3(kAt3);
constexpr Turned kA5(kAt5);

/// (matrix s matrix^T)_ij for s_kl = load(k, l), one channel.
template <int Out, int In, typename Load>
double element(const double (&matrix)[Out][In], int i, int j, const Load& load) {
  double sum = 0;
  for (int k = 0; k < In; ++k) {
    for (int l = 0; l < In; ++l)
      sum += matrix[i][k] * static_cast<double>(load(k, l)) * matrix[j][l];
  }
  return sum;
}

/// To positions of a 6x6 square, from rows of an In x In one.
template <int In>
void spread(const double (&matrix)[6][In], const real* const* from, int64_t channels, real* to,
            int64_t step) {
  for (int p = 0; p < 36; ++p) {
    for (int64_t c = 0; c < channels; ++c) {
      to[p * step + c] = static_cast<real>(
          element(matrix, p / 6, p % 6, [&](int k, int l) { return from[In * k + l][c]; }));
    }
  }
}

/// From positions of a 6x6 square to rows of an Out x Out one.
template <int Out>
void gather(const double (&matrix)[Out][6], const real* from, int64_t step, int64_t channels,
            const real* start, real* const* to) {
  for (int p = 0; p < Out * Out; ++p) {
    for (int64_t c = 0; c < channels; ++c) {
      const double sum = element(matrix, p / Out, p % Out,
                                 [&](int k, int l) { return from[(6 * k + l) * step + c]; });
      to[p][c] = static_cast<real>(sum + static_cast<double>(start == nullptr ? 0 : start[c]));
    }
  }
}

void input(const real* const* d, int64_t channels, real* v, int64_t step) noexcept {
  spread(kBt, d, channels, v, step);
}

template <int Size>
void output(const real* m, int64_t step, int64_t channels, const real* start,
            real* const* y) noexcept {
  if constexpr (Size == 3) gather(kAt3, m, step, channels, start, y);
  if constexpr (Size == 5) gather(kAt5, m, step, channels, start, y);
}

template <int Size>
void weights(const real* const* g, int64_t channels, real* u, int64_t step) noexcept {
  if constexpr (Size == 3) spread(kG3, g, channels, u, step);
  if constexpr (Size == 5) spread(kG5, g, channels, u, step);
}

template <int Size>
void output_gradient(const real* const* dy, int64_t channels, real* w, int64_t step) noexcept {
  if constexpr (Size == 3) spread(kA3.value, dy, channels, w, step);
  if constexpr (Size == 5) spread(kA5.value, dy, channels, w, step);
}

template <int Size>
void weight_gradient(const real* u, int64_t step, int64_t channels, real* const* dg) noexcept {
  if constexpr (Size == 3) gather(kGt3.value, u, step, channels, nullptr, dg);
  if constexpr (Size == 5) gather(kGt5.value, u, step, channels, nullptr, dg);
}

template <int Size>
constexpr Transforms transforms() {
  return {.input = input,
          .output = output<Size>,
          .weights = weights<Size>,
          .output_gradient = output_gradient<Size>,
          .weight_gradient = weight_gradient<Size>};
}

}  // namespace

constinit const Kernels kReference{.size3 = transforms<3>(), .size5 = transforms<5>()};

}  // namespace fracbit::kernels::winograd
