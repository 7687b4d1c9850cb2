// The passes of training of every instruction set. Included once by each of its files, after Wide
// and One.

#include "fracbit/framework/kernels/norm/windows.inc.h"
//
#include "fracbit/framework/kernels/norm/training/sums.inc.h"
//
#include "fracbit/framework/kernels/norm/training/gradient.inc.h"
//
#include "fracbit/framework/kernels/norm/training/winners.inc.h"
//
#include "fracbit/framework/kernels/norm/training/codes.inc.h"

/// Each file has its own.
void noise(const Philox& philox, int64_t blocks, real* sigma) noexcept;

template <class T>
constexpr Passes<T> make_passes() {
  return {sums, unpool, winners, give_back, gradient_sums, gradient};
}

constexpr Kernels make_kernels(const char* name) {
  return {name,  make_passes<int16_t>(), make_passes<int32_t>(), make_passes<real>(), moments,
          noise, gradient_codes8,        gradient_codes16};
}
