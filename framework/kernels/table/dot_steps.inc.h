// One step of a product by each method where there are dot products of bytes, after common.inc.h.
//
// Lanes offers
//   Bytes             an index or a table
//   load_bytes, load_once (never repeated by the compiler), splat_bytes, repeat (four bytes, 16
//   times), add_bytes
//   dot(sums, unsigned bytes, signed bytes), look(index, table)

using Bytes = Lanes::Bytes;

// kDepth is depth(method). `bytes` are those of the indices of one step. kSecond is the factor of
// the second lookup relative to the first, or 0 if weight products multiply by the unit at the end.

/// A step that adds to sums of 32 bits.
struct WideStep {
  template <int A, int B>
  using Tile = Sums[A][B];
  static constexpr int kFull = 0, kTwice = 0;
};

/// One looked-up byte per dot product.
struct TableStep : WideStep {
  static constexpr Method kMethod = Method::table;
  static constexpr int kDepth = 1, kSecond = 1;
  template <int P, int V>
  FRACBIT_INLINE void input(Sums (&sums)[P][V], const uint8_t* const (&at)[P], const int64_t* tap,
                            const uint8_t* index, [[maybe_unused]] int64_t bytes) {
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

/// The sum of two looked-up bytes per dot product: pairs with one table for each group of codes,
/// nibbles with one for its low and one for its high four bits.
template <Method kName, int kTables>
struct SumStep : WideStep {
  static constexpr Method kMethod = kName;
  static constexpr int kDepth = 2, kSecond = kTables == 1 ? 1 : 16;
  template <int P, int V>
  FRACBIT_INLINE void input(Sums (&sums)[P][V], const uint8_t* const (&at)[P], const int64_t* tap,
                            const uint8_t* index, int64_t bytes) {
    const Bytes place[2] = {Lanes::splat_bytes(1), Lanes::splat_bytes(16)};
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) {
      const Bytes subset[2] = {Lanes::load_bytes(index + v * kBytes),
                               Lanes::load_bytes(index + bytes + v * kBytes)};
      FRACBIT_UNROLL
      for (int p = 0; p < P; ++p) {
        FRACBIT_UNROLL
        for (int i = 0; i < kTables; ++i) {
          const Bytes sum = look_up(subset, at[p] + i * kBytes, tap);
          sums[p][v] = Lanes::dot(sums[p][v], sum, place[i]);
        }
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
        FRACBIT_UNROLL
        for (int i = 0; i < kTables; ++i) {
          const Bytes sum = look_up(subset, q + f * d.q_filter + i * kBytes, table);
          sums[f][t] = Lanes::dot(sums[f][t], sum, unit[i]);
        }
      }
    }
  }
};
using PairStep = SumStep<Method::pairs, 1>;
using NibbleStep = SumStep<Method::nibbles, 2>;

/// One table, looked up by the subsets of two planes.
struct PlaneStep : WideStep {
  static constexpr Method kMethod = Method::planes;
  static constexpr int kDepth = 1, kSecond = 2;
  template <int F, int T>
  FRACBIT_INLINE void weight(const WeightProduct& d, Sums (&sums)[F][T], const Bytes (&unit)[2],
                             const uint8_t* q, const uint8_t* const (&index)[T],
                             const int64_t* block) {
    FRACBIT_UNROLL
    for (int plane = 0; plane < 2; ++plane) {
      const int64_t at = block[0] + plane * kBytes;
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

struct DotStep : WideStep {
  static constexpr Method kMethod = Method::dot;
  static constexpr int kDepth = 1, kSecond = 0;
  template <int P, int V>
  FRACBIT_INLINE void input(Sums (&sums)[P][V], const uint8_t* const (&at)[P], const int64_t* tap,
                            const uint8_t* index, [[maybe_unused]] int64_t bytes) {
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
