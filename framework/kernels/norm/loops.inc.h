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

/// Calls body(lanes, c) for all channels, c the first of lanes.kCount.
template <class Body>
void for_channels(int64_t channels, Body body) {
  int64_t c = 0;
  for (; c + Wide::kCount <= channels; c += Wide::kCount) body(Wide{}, c);
  for (; c < channels; ++c) body(One{}, c);
}

template <Activation h>
struct Is {
  static constexpr Activation kActivation = h;
};

/// Calls body(Is<h>) for h known to the compiler.
template <class Body>
void with_activation(Activation h, Body body) {
  switch (h) {
    case Activation::identity:
      return body(Is<Activation::identity>{});
    case Activation::relu:
      return body(Is<Activation::relu>{});
    case Activation::clip01:
      return body(Is<Activation::clip01>{});
    case Activation::cabs:
      return body(Is<Activation::cabs>{});
    case Activation::sign:
      return body(Is<Activation::sign>{});
  }
}

/// h(y)
template <class V, Activation h>
typename V::Real activate(typename V::Real y) {
  if constexpr (h == Activation::relu) return V::raise(V::splat(0), y);
  if constexpr (h == Activation::clip01) {
    return V::lower(V::splat(1), V::raise(V::splat(0), y));
  }
  if constexpr (h == Activation::cabs) return V::lower(V::splat(1), V::abs(y));
  return y;
}

/// dout w(y)
template <class V, Activation h>
typename V::Real gate(typename V::Real y, typename V::Real dout) {
  const auto zero = V::splat(0), one = V::splat(1);
  if constexpr (h == Activation::relu) return V::keep(V::greater(y, zero), dout);
  if constexpr (h == Activation::clip01) {
    return V::keep(V::both(V::at_least(y, zero), V::at_least(one, y)), dout);
  }
  if constexpr (h == Activation::cabs) {
    const auto size = V::abs(y);
    const auto inside = V::both(V::greater(size, zero), V::greater(one, size));
    return V::keep(inside, V::negate_where(V::greater(zero, y), dout));
  }
  if constexpr (h == Activation::sign) return V::keep(V::at_least(one, V::abs(y)), dout);
  return dout;
}

/// The channels V::kCount from c on of one window: its numbers in the order that counts, and the
/// first largest one of them.
template <class V, class T>
struct Window {
  using Number = decltype(V::load(static_cast<const T*>(nullptr)));

  Window(const Run<T>& run, int64_t p, int64_t c, typename V::Mask flip) {
    const T* at = run.d + 2 * p * run.channels + c;
    d[0] = V::negate_where(flip, V::load(at));
    d[1] = V::negate_where(flip, V::load(at + run.channels));
    d[2] = V::negate_where(flip, V::load(at + run.below));
    d[3] = V::negate_where(flip, V::load(at + run.below + run.channels));
  }
  Number largest() const { return V::larger(V::larger(d[0], d[1]), V::larger(d[2], d[3])); }

  Number d[4];
};

/// Which of the four numbers is the first largest.
template <class V, class T>
struct FirstLargest {
  explicit FirstLargest(const Window<V, T>& w) {
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

/// D of output p.
template <class V, bool kPool, class T>
typename Window<V, T>::Number output_number(const Run<T>& run, int64_t p, int64_t c,
                                            typename V::Mask flip) {
  if constexpr (kPool) {
    return V::negate_where(flip, Window<V, T>(run, p, c, flip).largest());
  } else {
    return V::load(run.d + p * run.channels + c);
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
#include "fracbit/framework/kernels/norm/gradient.inc.h"
//
#include "fracbit/framework/kernels/norm/codes.inc.h"

template <class T>
constexpr Passes<T> make_passes() {
  return {sums, pool, unpool, values, bits, codes, gradient_sums, gradient};
}

constexpr Kernels make_kernels(const char* name) {
  return {name,  make_passes<int16_t>(), make_passes<int32_t>(), make_passes<real>(), moments,
          noise, gradient_codes8,        gradient_codes16};
}
