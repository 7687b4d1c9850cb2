// One step of a product by each method, over a vector type `Lanes`. Included once by each of its
// files, after Lanes, inside that file's anonymous namespace: nothing here is a linker symbol.
//
// Lanes offers
//   Sums, Reals       16 integers or reals, one per channel
//   Bytes             an index or a table
//   kPixels           pixels of a register tile, by its number of indices
//   load_sums, splat_sums, zero, add, multiply
//   load_bytes, load_once (never repeated by the compiler), splat_bytes, repeat (four bytes, 16
//   times), add_bytes
//   dot(sums, unsigned bytes, signed bytes), look(index, table)
//   load_reals, splat_reals, to_reals, multiply, multiply_add, store_reals(reals, count, to)

// Loops over registers must be unrolled whole, or the compilers keep them in memory.
#ifdef __clang__
#define FRACBIT_UNROLL _Pragma("unroll")
#else
#define FRACBIT_UNROLL _Pragma("GCC unroll 16")
#endif
#define FRACBIT_INLINE [[gnu::always_inline]] static inline

using Sums = Lanes::Sums;
using Bytes = Lanes::Bytes;
using Reals = Lanes::Reals;

// kDepth is depth(method), kSecond the factor of the second lookup relative to the first.

/// One looked-up byte per dot product.
struct TableStep {
  static constexpr int kDepth = 1, kSecond = 1;
  template <int P, int V>
  FRACBIT_INLINE void input(Sums (&sums)[P][V], const uint8_t* const (&at)[P], const int64_t* tap,
                            const uint8_t* index) {
    const Bytes one = Lanes::splat_bytes(1);
    Bytes subset[V];
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) subset[v] = Lanes::load_bytes(index + v * kBytes);
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) {
      const Bytes table = Lanes::load_bytes(at[p] + tap[0]);
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) {
        sums[p][v] = Lanes::dot(sums[p][v], Lanes::look(subset[v], table), one);
      }
    }
  }

  template <int F, int T>
  FRACBIT_INLINE void weight(const WeightProduct& d, Sums (&sums)[F][T], const Bytes (&unit)[2],
                             const uint8_t* q, const uint8_t* const (&index)[T],
                             const int64_t* block) {
    Bytes subset[T];
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) subset[t] = Lanes::load_bytes(index[t] + block[0]);
    FRACBIT_UNROLL
    for (int f = 0; f < F; ++f) {
      const Bytes table = Lanes::load_once(q + f * d.q_filter);
      FRACBIT_UNROLL
      for (int t = 0; t < T; ++t) {
        sums[f][t] = Lanes::dot(sums[f][t], Lanes::look(subset[t], table), unit[0]);
      }
    }
  }
};

/// The sum of the bytes that D indices look up.
template <int D>
FRACBIT_INLINE Bytes look_up(const Bytes (&subset)[D], const uint8_t* at, const int64_t* tap) {
  Bytes sum = Lanes::look(subset[0], Lanes::load_bytes(at + tap[0]));
  FRACBIT_UNROLL
  for (int d = 1; d < D; ++d) {
    sum = Lanes::add_bytes(sum, Lanes::look(subset[d], Lanes::load_bytes(at + tap[d])));
  }
  return sum;
}

struct PairStep {
  static constexpr int kDepth = 2, kSecond = 1;
  template <int P, int V>
  FRACBIT_INLINE void input(Sums (&sums)[P][V], const uint8_t* const (&at)[P], const int64_t* tap,
                            const uint8_t* index) {
    const Bytes one = Lanes::splat_bytes(1);
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) {
      const Bytes subset[2] = {Lanes::load_bytes(index + v * kBytes),
                               Lanes::load_bytes(index + (V + v) * kBytes)};
      FRACBIT_UNROLL
      for (int p = 0; p < P; ++p) {
        sums[p][v] = Lanes::dot(sums[p][v], look_up(subset, at[p], tap), one);
      }
    }
  }

  template <int F, int T>
  FRACBIT_INLINE void weight(const WeightProduct& d, Sums (&sums)[F][T], const Bytes (&unit)[2],
                             const uint8_t* q, const uint8_t* const (&index)[T],
                             const int64_t* block) {
    const int64_t table[2] = {0, d.q_block};
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) {
      const Bytes subset[2] = {Lanes::load_bytes(index[t] + block[0]),
                               Lanes::load_bytes(index[t] + block[1])};
      FRACBIT_UNROLL
      for (int f = 0; f < F; ++f) {
        sums[f][t] = Lanes::dot(sums[f][t], look_up(subset, q + f * d.q_filter, table), unit[0]);
      }
    }
  }
};

struct NibbleStep {
  static constexpr int kDepth = 2, kSecond = 16;
  template <int P, int V>
  FRACBIT_INLINE void input(Sums (&sums)[P][V], const uint8_t* const (&at)[P], const int64_t* tap,
                            const uint8_t* index) {
    const Bytes one = Lanes::splat_bytes(1), sixteen = Lanes::splat_bytes(16);
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) {
      const Bytes subset[2] = {Lanes::load_bytes(index + v * kBytes),
                               Lanes::load_bytes(index + (V + v) * kBytes)};
      FRACBIT_UNROLL
      for (int p = 0; p < P; ++p) {
        sums[p][v] = Lanes::dot(sums[p][v], look_up(subset, at[p], tap), one);
        sums[p][v] = Lanes::dot(sums[p][v], look_up(subset, at[p] + kBytes, tap), sixteen);
      }
    }
  }

  template <int F, int T>
  FRACBIT_INLINE void weight(const WeightProduct& d, Sums (&sums)[F][T], const Bytes (&unit)[2],
                             const uint8_t* q, const uint8_t* const (&index)[T],
                             const int64_t* block) {
    const int64_t table[2] = {0, d.q_block};
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) {
      const Bytes subset[2] = {Lanes::load_bytes(index[t] + block[0]),
                               Lanes::load_bytes(index[t] + block[1])};
      FRACBIT_UNROLL
      for (int f = 0; f < F; ++f) {
        const uint8_t* low = q + f * d.q_filter;
        sums[f][t] = Lanes::dot(sums[f][t], look_up(subset, low, table), unit[0]);
        sums[f][t] = Lanes::dot(sums[f][t], look_up(subset, low + kBytes, table), unit[1]);
      }
    }
  }
};

/// One table, looked up by the indices of two planes.
struct PlaneStep {
  static constexpr int kDepth = 1, kSecond = 2;
  template <int F, int T>
  FRACBIT_INLINE void weight(const WeightProduct& d, Sums (&sums)[F][T], const Bytes (&unit)[2],
                             const uint8_t* q, const uint8_t* const (&index)[T],
                             const int64_t* block) {
    FRACBIT_UNROLL
    for (int plane = 0; plane < 2; ++plane) {
      const int64_t at = block[0] + plane * d.index_plane;
      Bytes subset[T];
      FRACBIT_UNROLL
      for (int t = 0; t < T; ++t) subset[t] = Lanes::load_bytes(index[t] + at);
      FRACBIT_UNROLL
      for (int f = 0; f < F; ++f) {
        const Bytes table = Lanes::load_once(q + f * d.q_filter);
        FRACBIT_UNROLL
        for (int t = 0; t < T; ++t) {
          sums[f][t] = Lanes::dot(sums[f][t], Lanes::look(subset[t], table), unit[plane]);
        }
      }
    }
  }
};

struct DotStep {
  static constexpr int kDepth = 1, kSecond = 0;
  template <int P, int V>
  FRACBIT_INLINE void input(Sums (&sums)[P][V], const uint8_t* const (&at)[P], const int64_t* tap,
                            const uint8_t* index) {
    Bytes level[V];
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) level[v] = Lanes::load_bytes(index + v * kBytes);
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) {
      const Bytes codes = Lanes::repeat(at[p] + tap[0]);
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) sums[p][v] = Lanes::dot(sums[p][v], codes, level[v]);
    }
  }

  template <int F, int T>
  FRACBIT_INLINE void weight(const WeightProduct& d, Sums (&sums)[F][T], const Bytes (&)[2],
                             const uint8_t* q, const uint8_t* const (&index)[T],
                             const int64_t* block) {
    Bytes level[T];
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) level[t] = Lanes::load_bytes(index[t] + block[0]);
    FRACBIT_UNROLL
    for (int f = 0; f < F; ++f) {
      const Bytes codes = Lanes::repeat(q + f * d.q_filter);
      FRACBIT_UNROLL
      for (int t = 0; t < T; ++t) sums[f][t] = Lanes::dot(sums[f][t], codes, level[t]);
    }
  }
};
