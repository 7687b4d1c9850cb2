// The forward passes of every instruction set. Included once by each of its files, after Wide,
// Compare and One. Compare<T> offers
//   kCount                    numbers of a block, divides 64
//   flip(const real* scale)   the channels with scale < 0
//   load(const T*, flip)      numbers, negated in those channels
//   larger(a, b), above(a, const T*), below(a, const T*)       the last two give kCount bits

#include "fracbit/framework/kernels/norm/windows.inc.h"
//
#include "fracbit/framework/kernels/norm/forward.inc.h"
//
#include "fracbit/framework/kernels/norm/bits.inc.h"
//
#include "fracbit/framework/kernels/norm/terms.inc.h"

template <class T>
constexpr Passes<T> make_passes() {
  return {pool, values, bits};
}

constexpr Kernels make_kernels(const char* name) {
  return {name,
          make_passes<int16_t>(),
          make_passes<int32_t>(),
          make_passes<real>(),
          codes,
          term_bytes,
          term_words,
          term_planes,
          channel_signs};
}
