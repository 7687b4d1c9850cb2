// What the passes of every instruction set share. Included once by each of its files, after Wide
// and One, inside that file's anonymous namespace: nothing here is a linker symbol. Wide offers
// what One does, for kCount channels at a time.

// Loops over registers must be unrolled whole, or the compilers keep them in memory. Where there
// are none, a file says so with an empty FRACBIT_UNROLL.
#ifdef FRACBIT_UNROLL
#elif defined(__clang__)
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
