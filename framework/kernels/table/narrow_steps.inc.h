// One step of a product with sums of 16 bits, for instruction sets without dot products of bytes,
// after common.inc.h.
//
// Lanes offers
//   Counts            16-bit numbers, of each of 16 channels alike; no_counts
//   add_signed(Sums, Counts), add_unsigned(Sums, Counts)
//   Bytes             a vector of bytes

using Bytes = Lanes::Bytes;

/// Products of A tables with V indices: counts[a][v] are sums of what some steps look up. They
/// offer
///   kMethod, kFull     steps whose sums fit 16 bits
///   kTwice             bytes from an index to a part that counts twice, or 0; then twice(counts)
///   add(counts, tables, index)      counts += those of one step
/// and Tile<A, V>, clear, add_to(sums, counts), which are here for counts of either kind.
template <bool kSigned>
struct CountTiles {
  static constexpr int kTwice = 0;
  template <int A, int V>
  using Tile = Lanes::Counts[A][V];

  template <int A, int V>
  FRACBIT_INLINE void clear(Lanes::Counts (&counts)[A][V]) {
    FRACBIT_UNROLL
    for (int a = 0; a < A; ++a) {
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) counts[a][v] = Lanes::no_counts();
    }
  }
  template <int A, int V>
  FRACBIT_INLINE void add_to(Sums (&sums)[A][V], const Lanes::Counts (&counts)[A][V]) {
    FRACBIT_UNROLL
    for (int a = 0; a < A; ++a) {
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) {
        sums[a][v] = kSigned ? Lanes::add_signed(sums[a][v], counts[a][v])
                             : Lanes::add_unsigned(sums[a][v], counts[a][v]);
      }
    }
  }
};

template <class Products>
struct NarrowStep : Products {
  template <int A, int V>
  using Tile = typename Products::template Tile<A, V>;
  static constexpr int kDepth = 1, kSecond = 0;

  template <int P, int V>
  FRACBIT_INLINE void input(Tile<P, V>& counts, const uint8_t* const (&at)[P], const int64_t* tap,
                            const uint8_t* index, int64_t) {
    const uint8_t* tables[P];
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) tables[p] = at[p] + tap[0];
    const uint8_t* vectors[V];
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) vectors[v] = index + v * index_bytes(Products::kMethod);
    Products::add(counts, tables, vectors);
  }

  template <int F, int T>
  FRACBIT_INLINE void weight(const WeightProduct& d, Tile<F, T>& counts, const Bytes (&)[2],
                             const uint8_t* q, const uint8_t* const (&index)[T],
                             const int64_t* block) {
    const uint8_t* tables[F];
    FRACBIT_UNROLL
    for (int f = 0; f < F; ++f) tables[f] = q + f * d.q_filter;
    const uint8_t* blocks[T];
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) blocks[t] = index[t] + block[0];
    Products::add(counts, tables, blocks);
  }
};
