// Tables and indices for products_neon.inc.h.

struct alignas(16) Lookup {
  uint8_t at[16];
  Bytes load() const { return vld1q_u8(at); }
};

template <typename F>
constexpr Lookup lookup(F at) {
  Lookup made{};
  for (int i = 0; i < 16; ++i) made.at[i] = static_cast<uint8_t>(at(i));
  return made;
}

// --- Tables of signs: 8 bytes for each group of four codes.

/// Of codes, and top - codes from byte 16 on: code i of a group, or how much it is below top where
/// it has another sign than the first.
template <int Half, int Code>
constexpr Lookup kLikeFirst = lookup([](int i) {
  const bool unlike = Code > 0 && (i >> (Code > 0 ? Code - 1 : 0) & 1) == 0;
  return 8 * Half + i / 8 * 4 + Code + (unlike ? 16 : 0);
});

template <int Half>
FRACBIT_INLINE Bytes two_groups(uint8x16x2_t codes) {
  const Bytes first = vaddq_u8(vqtbl2q_u8(codes, kLikeFirst<Half, 0>.load()),
                               vqtbl2q_u8(codes, kLikeFirst<Half, 1>.load()));
  const Bytes last = vaddq_u8(vqtbl2q_u8(codes, kLikeFirst<Half, 2>.load()),
                              vqtbl2q_u8(codes, kLikeFirst<Half, 3>.load()));
  return vaddq_u8(first, last);
}

FRACBIT_INLINE void make_signs(Bytes run, Bytes top, uint8_t* table) {
  const uint8x16x2_t codes = {{run, veorq_u8(run, top)}};  // top - q is q ^ top
  vst1q_u8(table, two_groups<0>(codes));
  vst1q_u8(table + 16, two_groups<1>(codes));
}

// --- Tables of subsets: 16 bytes for each group.

/// Of codes, and their sums with the next from byte 16 on: the part of two codes in a sum.
template <int Group, int Second>
constexpr Lookup kTwo = lookup([](int i) {
  constexpr int kAt[4] = {128, 0, 1, 16};
  const int subset = Second != 0 ? i / 4 : i % 4;
  return 4 * Group + 2 * Second + kAt[subset];
});

template <int Group>
FRACBIT_INLINE void make_group(uint8x16x2_t codes, uint8_t* table) {
  vst1q_u8(table + 16 * Group, vaddq_u8(vqtbl2q_u8(codes, kTwo<Group, 0>.load()),
                                        vqtbl2q_u8(codes, kTwo<Group, 1>.load())));
}

FRACBIT_INLINE void make_subset_sums(Bytes run, uint8_t* table) {
  const uint8x16x2_t codes = {{run, vaddq_u8(run, vextq_u8(run, run, 1))}};
  make_group<0>(codes, table);
  make_group<1>(codes, table);
  make_group<2>(codes, table);
  make_group<3>(codes, table);
}

void make_tables(Method method, const uint8_t* codes, int64_t count, int32_t top, uint8_t* tables,
                 int64_t step) noexcept {
  const Bytes tops = Lanes::splat_bytes(top);
  for (int64_t run = 0; run < count; ++run, codes += kCodes, tables += step) {
    if (method == Method::signs) {
      make_signs(vld1q_u8(codes), tops, tables);
    } else {
      make_subset_sums(vld1q_u8(codes), tables);
    }
  }
}

// --- Codes.

/// Interleaves rows whose numbers differ in their highest bit, which becomes the lowest bit of a
/// column; the others move up.
template <int N>
FRACBIT_INLINE void interleave(Bytes (&rows)[N]) {
  Bytes to[N];
  FRACBIT_UNROLL
  for (int i = 0; i < N / 2; ++i) {
    to[2 * i] = vzip1q_u8(rows[i], rows[i + N / 2]);
    to[2 * i + 1] = vzip2q_u8(rows[i], rows[i + N / 2]);
  }
  FRACBIT_UNROLL
  for (int i = 0; i < N; ++i) rows[i] = to[i];
}

void turn(const uint8_t* const (&rows)[kCodes], uint8_t* to, int64_t step) noexcept {
  Bytes square[kCodes];
  FRACBIT_UNROLL
  for (int i = 0; i < kCodes; ++i) square[i] = vld1q_u8(rows[i]);
  interleave(square);
  interleave(square);
  interleave(square);
  interleave(square);
  FRACBIT_UNROLL
  for (int i = 0; i < kCodes; ++i) vst1q_u8(to + i * step, square[i]);
}

void code_sums(const uint8_t* codes, int64_t pixels, int64_t filters, int32_t* sums) noexcept {
  for (int64_t p = 0; p < pixels; ++p, codes += filters) {
    uint32x4_t sum = vdupq_n_u32(0);
    int64_t f = 0;
    for (; f + 16 <= filters; f += 16) sum = vpadalq_u16(sum, vpaddlq_u8(vld1q_u8(codes + f)));
    sums[p] = static_cast<int32_t>(vaddvq_u32(sum));
    for (; f < filters; ++f) sums[p] += codes[f];
  }
}

// --- Indices.

struct Two {
  Bytes low, high;
};

/// Of each 2^(level + 1) bits of a and b, the low halves and the high halves side by side.
template <int Level>
FRACBIT_INLINE Two exchange(Bytes a, Bytes b) {
  constexpr int kShift = 1 << Level;
  const Bytes low = vdupq_n_u8(Level == 0 ? 0x55 : 0x33);
  return {vbslq_u8(low, a, vshlq_n_u8(b, kShift)), vbslq_u8(low, vshrq_n_u8(a, kShift), b)};
}

/// The subsets of two groups: of 16 channels each, those of the first in subsets[0 .. 3].
FRACBIT_INLINE void subsets_of_two(const uint64_t* words, Bytes (&subsets)[8]) {
  Bytes row[4];
  FRACBIT_UNROLL
  for (int i = 0; i < 4; ++i) {
    row[i] = vreinterpretq_u8_u64(vcombine_u64(vld1_u64(words + i), vld1_u64(words + 4 + i)));
  }
  const Two first = exchange<0>(row[0], row[1]), last = exchange<0>(row[2], row[3]);
  const Two even = exchange<1>(first.low, last.low), odd = exchange<1>(first.high, last.high);
  // Half-byte i of nibbles[r] is the subset of channel 4 i + r.
  const Bytes nibbles[4] = {even.low, odd.low, even.high, odd.high};
  FRACBIT_UNROLL
  for (int r = 0; r < 4; ++r) {
    subsets[r] = vandq_u8(nibbles[r], vdupq_n_u8(15));
    subsets[4 + r] = vshrq_n_u8(nibbles[r], 4);
  }
  // Byte k of subsets[r] is of channel 8 k + r.
  interleave(subsets);
  interleave(subsets);
  interleave(subsets);
}

/// Two groups of each channel side by side.
FRACBIT_INLINE void put_slot(Bytes first, Bytes second, uint8_t* to) {
  vst1q_u8(to, vzip1q_u8(first, second));
  vst1q_u8(to + 16, vzip2q_u8(first, second));
}

/// Subset s of signs to those of the last three like the first; 16 more if that is negative.
constexpr Lookup kLike = lookup([](int i) { return (i & 1) != 0 ? i >> 1 : 16 + 7 - (i >> 1); });

/// Slot `slot` of the four indices of a word, and its negative signs added to `negative`.
FRACBIT_INLINE void put_signs(const uint64_t* words, int slot, uint8_t* index, int64_t step,
                              Bytes (&negative)[kVectors]) {
  Bytes subsets[8];
  subsets_of_two(words, subsets);
  FRACBIT_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    const Bytes first = vqtbl1q_u8(kLike.load(), subsets[v]);
    const Bytes second = vqtbl1q_u8(kLike.load(), subsets[4 + v]);
    put_slot(first, vorrq_u8(second, vdupq_n_u8(8)), index + v * step + slot * kSlot);
    negative[v] = vsraq_n_u8(vsraq_n_u8(negative[v], first, 4), second, 4);
  }
}

FRACBIT_INLINE void put_plane(const uint64_t* words, int slot, uint8_t* index, int64_t step) {
  Bytes subsets[8];
  subsets_of_two(words, subsets);
  FRACBIT_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    put_slot(subsets[v], vorrq_u8(subsets[4 + v], vdupq_n_u8(16)), index + v * step + slot * kSlot);
  }
}

void make_index(Method method, const uint64_t* words, uint8_t* index, int64_t step) noexcept {
  constexpr int kSlotWords = 8;
  if (method == Method::planes) {
    for (int slot = 0; slot < kSlots; ++slot, words += kSlotWords) {
      put_plane(words, slot, index, step);
      put_plane(words + kCodes, slot, index + Planes::kTwice, step);
    }
    return;
  }
  Bytes negative[kVectors] = {};
  for (int slot = 0; slot < kSlots; ++slot, words += kSlotWords) {
    put_signs(words, slot, index, step, negative);
  }
  for (int v = 0; v < kVectors; ++v) vst1q_u8(index + v * step + kNegative, negative[v]);
}
