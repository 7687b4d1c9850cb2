// One step of a product with sums of 16 bits, for instruction sets without dot products of bytes,
// after common.inc.h. A vector of bytes has two neighbours for each of 16 channels: the subsets, or
// signs, of two groups of codes, or the subsets of one group by two planes. It looks them up in 16
// bytes of a table; where a vector has room for kParts of those, each in its 128 bits.
//
// Lanes offers
//   Bytes, Counts     a vector of bytes, and its pairs as 16-bit numbers
//   kParts            see above
//   load_bytes, load_table (kParts times 16 bytes, for all channels), never repeated by the
//   compiler; splat_pairs(low byte, high byte), look(table, subset)
//   no_counts, add_pairs(Counts, unsigned bytes, signed bytes): adds the products of neighbours
//   add_signed(Sums, Counts), add_unsigned(Sums, Counts)

using Bytes = Lanes::Bytes;

constexpr int kSlot = 16 * Lanes::kParts;  // bytes of a table that a vector looks into
constexpr int kVector = 2 * kSlot;         // bytes of a vector

/// Products of A tables with V indices: counts[a][v] += those of one step. An index has a vector of
/// subsets and one of signs for each slot; bit 3 of a subset says which of two groups it is of.
struct Signs {
  static constexpr Method kMethod = Method::signs;
  static constexpr int kSlots = table_bytes(kMethod) / kSlot;
  static constexpr int kFull = 32;  // times 2 (2 x 252) stay below 2^15

  template <int A, int V>
  FRACBIT_INLINE void add(Lanes::Counts (&counts)[A][V], const uint8_t* const (&tables)[A],
                          const uint8_t* const (&index)[V]) {
    for (int slot = 0; slot < kSlots; ++slot) {
      Bytes subset[V], sign[V];
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) {
        subset[v] = Lanes::load_bytes(index[v] + 2 * slot * kVector);
        sign[v] = Lanes::load_bytes(index[v] + (2 * slot + 1) * kVector);
      }
      FRACBIT_UNROLL
      for (int a = 0; a < A; ++a) {
        const Bytes table = Lanes::load_table(tables[a] + slot * kSlot);
        FRACBIT_UNROLL
        for (int v = 0; v < V; ++v) {
          counts[a][v] = Lanes::add_pairs(counts[a][v], Lanes::look(table, subset[v]), sign[v]);
        }
      }
    }
  }
  FRACBIT_INLINE Sums widen(Sums sums, Lanes::Counts counts) {
    return Lanes::add_signed(sums, counts);
  }
};

/// The same with a vector of subsets for each slot.
struct Planes {
  static constexpr Method kMethod = Method::planes;
  static constexpr int kSlots = table_bytes(kMethod) / kSlot;
  static constexpr int kFull = 21;  // times 4 (3 x 252) stay below 2^16

  template <int A, int V>
  FRACBIT_INLINE void add(Lanes::Counts (&counts)[A][V], const uint8_t* const (&tables)[A],
                          const uint8_t* const (&index)[V]) {
    const Bytes places = Lanes::splat_pairs(1, 2);
    for (int slot = 0; slot < kSlots; ++slot) {
      Bytes subset[V];
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) subset[v] = Lanes::load_bytes(index[v] + slot * kVector);
      FRACBIT_UNROLL
      for (int a = 0; a < A; ++a) {
        const Bytes table = Lanes::load_table(tables[a] + slot * kSlot);
        FRACBIT_UNROLL
        for (int v = 0; v < V; ++v) {
          counts[a][v] = Lanes::add_pairs(counts[a][v], Lanes::look(table, subset[v]), places);
        }
      }
    }
  }
  FRACBIT_INLINE Sums widen(Sums sums, Lanes::Counts counts) {
    return Lanes::add_unsigned(sums, counts);
  }
};

template <class Products>
struct NarrowStep : Products {
  using Counts = Lanes::Counts;
  static constexpr int kDepth = 1, kSecond = 0;

  template <int P, int V>
  FRACBIT_INLINE void input(Counts (&counts)[P][V], const uint8_t* const (&at)[P],
                            const int64_t* tap, const uint8_t* index, int64_t) {
    const uint8_t* tables[P];
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) tables[p] = at[p] + tap[0];
    const uint8_t* vectors[V];
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) vectors[v] = index + v * index_bytes(Products::kMethod);
    Products::add(counts, tables, vectors);
  }

  template <int F, int T>
  FRACBIT_INLINE void weight(const WeightProduct& d, Counts (&counts)[F][T], const Bytes (&)[2],
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

  template <int A, int B>
  FRACBIT_INLINE void clear(Counts (&counts)[A][B]) {
    FRACBIT_UNROLL
    for (int a = 0; a < A; ++a) {
      FRACBIT_UNROLL
      for (int b = 0; b < B; ++b) counts[a][b] = Lanes::no_counts();
    }
  }

  /// Adds counts to sums.
  template <int A, int B>
  FRACBIT_INLINE void add_to(Sums (&sums)[A][B], const Counts (&counts)[A][B]) {
    FRACBIT_UNROLL
    for (int a = 0; a < A; ++a) {
      FRACBIT_UNROLL
      for (int b = 0; b < B; ++b) sums[a][b] = Products::widen(sums[a][b], counts[a][b]);
    }
  }
};
