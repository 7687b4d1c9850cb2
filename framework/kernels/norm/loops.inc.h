// The loops of every instruction set. Included once by each of its files, after Wide, Compare and
// One, inside that file's anonymous namespace: nothing here is a linker symbol.
//
// Wide offers what One does, for kCount channels at a time. Compare<T> offers
//   kCount                    numbers of a block, divides 64
//   flip(const real* scale)   the channels with scale < 0
//   load(const T*, flip)      numbers, negated in those channels
//   larger(a, b), above(a, const T*), below(a, const T*)       the last two give kCount bits

// Loops over registers must be unrolled whole, or the compilers keep them in memory.
#ifdef __clang__
#define FRACBIT_UNROLL _Pragma("unroll")
#else
#define FRACBIT_UNROLL _Pragma("GCC unroll 64")
#endif

/// GCC leaves short functions over vectors as calls when there are many of them.
#define FRACBIT_INLINE [[gnu::always_inline]] inline

/// Calls body(lanes, first, last) for the channels that wide lanes fill, then for those left.
template <class Body>
FRACBIT_INLINE void for_parts(int64_t channels, Body body) {
  const int64_t wide = channels / Wide::kCount * Wide::kCount;
  if (wide > 0) body(Wide{}, int64_t{0}, wide);
  if (wide < channels) body(One{}, wide, channels);
}

template <bool two_sided, bool pool>
struct Variant {
  static constexpr bool kTwoSided = two_sided;
  static constexpr bool kPool = pool;
};

/// Calls body(Variant) with both known to the compiler.
template <class Body>
void with_variant(bool two_sided, bool pool, Body body) {
  if (two_sided && pool) body(Variant<true, true>{});
  if (two_sided && !pool) body(Variant<true, false>{});
  if (!two_sided && pool) body(Variant<false, true>{});
  if (!two_sided && !pool) body(Variant<false, false>{});
}

/// Wide loops ask for what they will read this much later: the passes do too much between two loads
/// for the processor to see a stream in time.
template <class V>
FRACBIT_INLINE void ask_ahead(const void* from) {
  constexpr int64_t kAhead = 2048;
  if constexpr (V::kCount > 1) __builtin_prefetch(static_cast<const char*>(from) + kAhead);
}

/// h(y)
template <class V, bool kTwoSided>
FRACBIT_INLINE typename V::Real activate(typename V::Real y, const Activation& h) {
  if constexpr (kTwoSided) y = V::abs(y);
  return V::lower(V::splat(h.high), V::raise(V::splat(h.low), y));
}

/// dout w(y)
template <class V, bool kTwoSided>
FRACBIT_INLINE typename V::Real gate(typename V::Real y, const Activation& h,
                                     typename V::Real dout) {
  auto size = y;
  if constexpr (kTwoSided) {
    size = V::abs(y);
    dout = V::negate_where(V::greater(V::splat(0), y), dout);
  }
  const auto inside =
      V::both(V::at_least(size, V::splat(h.from)), V::at_least(V::splat(h.to), size));
  return V::keep(inside, dout);
}

/// The channels V::kCount from c on of one window: its numbers in the order that counts, and the
/// first largest one of them.
template <class V, class T>
struct Window {
  using Number = decltype(V::load(static_cast<const T*>(nullptr)));

  FRACBIT_INLINE Window(const Run<T>& run, int64_t p, int64_t c, typename V::Mask flip) {
    const T* at = run.d + 2 * p * run.channels + c;
    ask_ahead<V>(at);
    ask_ahead<V>(at + run.channels);
    ask_ahead<V>(at + run.below);
    ask_ahead<V>(at + run.below + run.channels);
    d[0] = V::negate_where(flip, V::load(at));
    d[1] = V::negate_where(flip, V::load(at + run.channels));
    d[2] = V::negate_where(flip, V::load(at + run.below));
    d[3] = V::negate_where(flip, V::load(at + run.below + run.channels));
  }
  FRACBIT_INLINE Number largest() const {
    return V::larger(V::larger(d[0], d[1]), V::larger(d[2], d[3]));
  }

  Number d[4];
};

/// Which of the four numbers is the first largest.
template <class V, class T>
struct FirstLargest {
  FRACBIT_INLINE explicit FirstLargest(const Window<V, T>& w) {
    const auto right = V::greater(w.d[1], w.d[0]);
    const auto lower_right = V::greater(w.d[3], w.d[2]);
    const auto upper = V::select(right, w.d[1], w.d[0]);
    const auto lower = V::select(lower_right, w.d[3], w.d[2]);
    const auto below = V::greater(lower, upper);
    value = V::select(below, lower, upper);
    is[0] = V::neither(below, right);
    is[1] = V::without(right, below);
    is[2] = V::without(below, lower_right);
    is[3] = V::both(below, lower_right);
  }
  typename Window<V, T>::Number value;
  typename V::Mask is[4];
};

/// D of output p; -D counts where scale < 0.
template <class V, bool kPool, class T>
FRACBIT_INLINE typename Window<V, T>::Number output_number(const Run<T>& run, int64_t p, int64_t c,
                                                           typename V::Real scale) {
  if constexpr (kPool) {
    const auto flip = V::greater(V::splat(0), scale);
    return V::negate_where(flip, Window<V, T>(run, p, c, flip).largest());
  } else {
    const T* at = run.d + p * run.channels + c;
    ask_ahead<V>(at);
    return V::load(at);
  }
}

/// Where input i of window p lies from the first number of the run.
template <class T>
int64_t input_offset(const Run<T>& run, int64_t p, int i) {
  return (2 * p + i % 2) * run.channels + (i < 2 ? 0 : run.below);
}

#include "fracbit/framework/kernels/norm/sums.inc.h"
//
#include "fracbit/framework/kernels/norm/forward.inc.h"
//
#include "fracbit/framework/kernels/norm/bits.inc.h"
//
#include "fracbit/framework/kernels/norm/gradient.inc.h"
//
#include "fracbit/framework/kernels/norm/codes.inc.h"

/// Each file has its own.
void noise(const Philox& philox, int64_t blocks, real* sigma) noexcept;

template <class T>
constexpr Passes<T> make_passes() {
  return {sums, pool, unpool, values, bits, codes, gradient_sums, gradient};
}

constexpr Kernels make_kernels(const char* name) {
  return {name,  make_passes<int16_t>(), make_passes<int32_t>(), make_passes<real>(), moments,
          noise, gradient_codes8,        gradient_codes16};
}
