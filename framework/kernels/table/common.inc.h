// What the products of every instruction set are written with, over a vector type `Lanes`. Included
// once by each of its files, after Lanes, inside that file's anonymous namespace: nothing here is a
// linker symbol.
//
// Lanes offers
//   Sums, Reals       16 integers or reals, one per channel
//   kPixels           pixels of a register tile, by its number of indices
//   kStreams          streams of one of a weight product
//   load_sums, store_sums, splat_sums, zero, add, multiply
//   load_reals, splat_reals, to_reals, multiply, multiply_add, store_reals(reals, count, to)
// and what its steps want (dot_steps.inc.h, narrow_steps.inc.h).

// Loops over registers must be unrolled whole, or the compilers keep them in memory.
#ifdef __clang__
#define FRACBIT_UNROLL _Pragma("unroll")
#else
#define FRACBIT_UNROLL _Pragma("GCC unroll 16")
#endif
#define FRACBIT_INLINE [[gnu::always_inline]] static inline

using Sums = Lanes::Sums;
using Reals = Lanes::Reals;

template <int A, int B>
FRACBIT_INLINE void clear(Sums (&sums)[A][B]) {
  FRACBIT_UNROLL
  for (int a = 0; a < A; ++a) {
    FRACBIT_UNROLL
    for (int b = 0; b < B; ++b) sums[a][b] = Lanes::zero();
  }
}
