// Products of tables with indices by lookups in 32 bytes and additions of neighbouring bytes, after
// narrow_steps.inc.h. A slot of an index is two vectors, for eight channels each. A channel has two
// neighbouring bytes there: where among the 32 the sums of two groups of codes are.

constexpr int kSlot = 32;      // bytes of one, and of what it looks into
constexpr int kSlots = 2;      // of an index, or of one plane
constexpr int kNegative = 64;  // bytes from an index to how many signs of each channel are -1

/// counts += what the bytes of a slot look up.
FRACBIT_INLINE void look_up(Lanes::Counts& counts, uint8x16x2_t table, const Bytes (&slot)[2]) {
  counts.low = vpadalq_u8(counts.low, vqtbl2q_u8(table, slot[0]));
  counts.high = vpadalq_u8(counts.high, vqtbl2q_u8(table, slot[1]));
}

/// 16 bytes t and 255 - t.
FRACBIT_INLINE uint8x16x2_t with_complement(const uint8_t* t) {
#ifdef __clang__
  const Bytes bytes = vld1q_u8(t);
  return {{bytes, vmvnq_u8(bytes)}};
#else  // GCC would copy them, to have them side by side
  uint8x16x2_t both;
  asm("ldr %q0, %1" : "=w"(both) : "m"(*reinterpret_cast<const uint8_t(*)[16]>(t)));
  asm("mvn %T0.16b, %S0.16b" : "+w"(both));
  return both;
#endif
}

/// A sign of -1 looks up 255 - t in place of -t: 255 too much, which is subtracted in the end.
struct Signs {
  static constexpr Method kMethod = Method::signs;
  static constexpr int kTwice = 0;
  static constexpr int kFull = 32;  // times 4 x 252 stay below 2^15

  template <int A, int V>
  struct Tile {
    Lanes::Counts of[A][V];
    Bytes negative[V];  ///< signs of -1
  };

  template <int A, int V>
  FRACBIT_INLINE void clear(Tile<A, V>& counts) {
    CountTiles<true>::clear(counts.of);
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) counts.negative[v] = vdupq_n_u8(0);
  }

  template <int A, int V>
  FRACBIT_INLINE void add(Tile<A, V>& counts, const uint8_t* const (&tables)[A],
                          const uint8_t* const (&index)[V]) {
    FRACBIT_UNROLL
    for (int slot = 0; slot < kSlots; ++slot) {
      Bytes choice[V][2];
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) {
        choice[v][0] = vld1q_u8(index[v] + slot * kSlot);
        choice[v][1] = vld1q_u8(index[v] + slot * kSlot + 16);
      }
      FRACBIT_UNROLL
      for (int a = 0; a < A; ++a) {
        const uint8x16x2_t table = with_complement(tables[a] + slot * 16);
        FRACBIT_UNROLL
        for (int v = 0; v < V; ++v) look_up(counts.of[a][v], table, choice[v]);
      }
    }
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) {
      counts.negative[v] = vaddq_u8(counts.negative[v], vld1q_u8(index[v] + kNegative));
    }
  }

  template <int A, int V>
  FRACBIT_INLINE void add_to(Sums (&sums)[A][V], const Tile<A, V>& counts) {
    const Bytes most = vdupq_n_u8(255);
    FRACBIT_UNROLL
    for (int v = 0; v < V; ++v) {
      const uint16x8_t low = vmull_u8(vget_low_u8(counts.negative[v]), vget_low_u8(most));
      const uint16x8_t high = vmull_high_u8(counts.negative[v], most);
      FRACBIT_UNROLL
      for (int a = 0; a < A; ++a) {
        const Lanes::Counts& of = counts.of[a][v];
        sums[a][v] =
            Lanes::add_signed(sums[a][v], {vsubq_u16(of.low, low), vsubq_u16(of.high, high)});
      }
    }
  }
};

/// An index has the slots of the first plane, then those of the second.
struct Planes : CountTiles<false> {
  static constexpr Method kMethod = Method::planes;
  static constexpr int kTwice = kBytes;
  static constexpr int kFull = 21;  // times 3 x 4 x 252 stay below 2^16

  template <int A, int V>
  FRACBIT_INLINE void twice(Lanes::Counts (&counts)[A][V]) {
    FRACBIT_UNROLL
    for (int a = 0; a < A; ++a) {
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) {
        counts[a][v] = {vshlq_n_u16(counts[a][v].low, 1), vshlq_n_u16(counts[a][v].high, 1)};
      }
    }
  }

  template <int A, int V>
  FRACBIT_INLINE void add(Lanes::Counts (&counts)[A][V], const uint8_t* const (&tables)[A],
                          const uint8_t* const (&index)[V]) {
    FRACBIT_UNROLL
    for (int slot = 0; slot < kSlots; ++slot) {
      Bytes subset[V][2];
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) {
        subset[v][0] = vld1q_u8(index[v] + slot * kSlot);
        subset[v][1] = vld1q_u8(index[v] + slot * kSlot + 16);
      }
      FRACBIT_UNROLL
      for (int a = 0; a < A; ++a) {
        const uint8x16x2_t table = vld1q_u8_x2(tables[a] + slot * kSlot);
        FRACBIT_UNROLL
        for (int v = 0; v < V; ++v) look_up(counts[a][v], table, subset[v]);
      }
    }
  }
};
