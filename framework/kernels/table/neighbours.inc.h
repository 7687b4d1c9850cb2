// Products of tables with indices whose bytes are two neighbours for each of 16 channels: the
// subsets, or signs, of two groups of codes, or the subsets of one group by two planes. A vector
// looks them up in 16 bytes of a table; where it has room for kParts of those, each in its 128
// bits. After narrow_steps.inc.h.
//
// Lanes offers
//   Bytes             a vector of bytes
//   kParts            see above
//   load_bytes, load_table (kParts times 16 bytes, for all channels), never repeated by the
//   compiler; splat_pairs(low byte, high byte), look(table, subset)
//   add_pairs(Counts, unsigned bytes, signed bytes): adds the products of neighbours

constexpr int kSlot = 16 * Lanes::kParts;  // bytes of a table that a vector looks into
constexpr int kVector = 2 * kSlot;         // bytes of a vector

/// Products of A tables with V indices: counts[a][v] += those of one step. An index has a vector of
/// subsets and one of signs for each slot; bit 3 of a subset says which of two groups it is of.
struct Signs : CountTiles<true> {
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
};

/// The same with a vector of subsets for each slot.
struct Planes : CountTiles<false> {
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
};
