// Tables and indices by AVX2, for instruction sets with the steps of neighbours.inc.h.

FRACBIT_INLINE __m128i load_codes(const uint8_t* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
FRACBIT_INLINE void store_codes(__m128i a, uint8_t* p) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), a);
}
FRACBIT_INLINE __m256i load_vector(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
FRACBIT_INLINE __m256i splat(int byte) {
  return _mm256_set1_epi8(static_cast<char>(byte));
}
FRACBIT_INLINE void store_vector(__m256i a, uint8_t* p) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a);
}

struct alignas(32) Shuffle {
  uint8_t at[32];
  __m256i load() const { return _mm256_load_si256(reinterpret_cast<const __m256i*>(at)); }
};

template <typename F>
constexpr Shuffle shuffle(F at) {
  Shuffle s{};
  for (int i = 0; i < 32; ++i) s.at[i] = static_cast<uint8_t>(at(i));
  return s;
}

// --- Tables of signs: 8 bytes for each group of four codes.

template <int Code>
constexpr Shuffle kCode = shuffle([](int i) { return i / 8 * 4 + Code; });
/// All ones where a code of a group, from the second on, has another sign than the first.
template <int Code>
constexpr Shuffle kUnlike = shuffle([](int i) { return (i >> (Code - 1) & 1) != 0 ? 0 : 255; });

template <int Code>
FRACBIT_INLINE __m256i like_first(__m256i codes, __m256i top) {
  const __m256i flip = _mm256_and_si256(kUnlike<Code>.load(), top);  // top - q is q ^ top
  return _mm256_xor_si256(_mm256_shuffle_epi8(codes, kCode<Code>.load()), flip);
}

FRACBIT_INLINE void make_signs(__m128i run, __m256i top, uint8_t* table) {
  const __m256i codes = _mm256_broadcastsi128_si256(run);
  const __m256i first = _mm256_shuffle_epi8(codes, kCode<0>.load());
  const __m256i two = _mm256_add_epi8(first, like_first<1>(codes, top));
  const __m256i others = _mm256_add_epi8(like_first<2>(codes, top), like_first<3>(codes, top));
  store_vector(_mm256_add_epi8(two, others), table);
}

// --- Tables of subsets: 16 bytes for each group.

/// From four codes and the sums of two of them, at bytes 0, 1, 4 or 2, 3, 6 of a group's eight.
template <int Second>
constexpr Shuffle kTwo = shuffle([](int i) {
  constexpr int kAt[4] = {128, 0, 1, 4};
  const int subset = Second != 0 ? i % 16 / 4 : i % 4;
  return subset == 0 ? 128 : i / 16 * 8 + 2 * Second + kAt[subset];
});

FRACBIT_INLINE void make_groups(__m128i codes_and_sums, uint8_t* table) {
  const __m256i groups = _mm256_broadcastsi128_si256(codes_and_sums);
  store_vector(_mm256_add_epi8(_mm256_shuffle_epi8(groups, kTwo<0>.load()),
                               _mm256_shuffle_epi8(groups, kTwo<1>.load())),
               table);
}

FRACBIT_INLINE void make_subset_sums(__m128i run, uint8_t* table) {
  const __m128i sums = _mm_add_epi8(run, _mm_srli_epi16(run, 8));
  make_groups(_mm_unpacklo_epi32(run, sums), table);
  make_groups(_mm_unpackhi_epi32(run, sums), table + kBytes / 2);
}

void make_tables(Method method, const uint8_t* codes, int64_t count, int32_t top, uint8_t* tables,
                 int64_t step) noexcept {
  const __m256i tops = splat(top);
  for (int64_t run = 0; run < count; ++run, codes += kCodes, tables += step) {
    if (method == Method::signs) {
      make_signs(load_codes(codes), tops, tables);
    } else {
      make_subset_sums(load_codes(codes), tables);
    }
  }
}

// --- Indices.

/// The subsets of 64 channels, 16 to 128 bits: of groups 0 and 2, and of groups 1 and 3.
struct Subsets {
  __m256i even[4], odd[4];
};

struct Two {
  __m256i low, high;
};

/// Of each 2^(level + 1) bits of a and b, the low halves and the high halves side by side.
template <int Level>
FRACBIT_INLINE Two exchange(__m256i a, __m256i b) {
  constexpr int kShift = 1 << Level;
  const __m256i low = splat(Level == 0 ? 0x55 : 0x33);
  return {_mm256_or_si256(_mm256_and_si256(a, low),
                          _mm256_slli_epi64(_mm256_and_si256(b, low), kShift)),
          _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi64(a, kShift), low),
                          _mm256_andnot_si256(low, b))};
}

/// words[4 j + i] is word j of row i.
FRACBIT_INLINE void load_rows(const uint64_t* words, __m256i (&row)[4]) {
  const __m256i w0 = load_vector(words), w1 = load_vector(words + 4);
  const __m256i w2 = load_vector(words + 8), w3 = load_vector(words + 12);
  const __m256i even01 = _mm256_unpacklo_epi64(w0, w1), odd01 = _mm256_unpackhi_epi64(w0, w1);
  const __m256i even23 = _mm256_unpacklo_epi64(w2, w3), odd23 = _mm256_unpackhi_epi64(w2, w3);
  row[0] = _mm256_permute2x128_si256(even01, even23, 0x20);
  row[1] = _mm256_permute2x128_si256(odd01, odd23, 0x20);
  row[2] = _mm256_permute2x128_si256(even01, even23, 0x31);
  row[3] = _mm256_permute2x128_si256(odd01, odd23, 0x31);
}

/// Byte i of pairs[r / 2] is of channel 8 (i / 2) + r + i % 2; then they follow each other.
FRACBIT_INLINE void order(const __m256i (&pairs)[4], __m256i (&to)[4]) {
  const __m256i low0 = _mm256_unpacklo_epi16(pairs[0], pairs[1]);
  const __m256i low4 = _mm256_unpacklo_epi16(pairs[2], pairs[3]);
  const __m256i high0 = _mm256_unpackhi_epi16(pairs[0], pairs[1]);
  const __m256i high4 = _mm256_unpackhi_epi16(pairs[2], pairs[3]);
  to[0] = _mm256_unpacklo_epi32(low0, low4), to[1] = _mm256_unpackhi_epi32(low0, low4);
  to[2] = _mm256_unpacklo_epi32(high0, high4), to[3] = _mm256_unpackhi_epi32(high0, high4);
}

FRACBIT_INLINE Subsets subsets_of(const uint64_t* words) {
  __m256i row[4];
  load_rows(words, row);
  const Two first = exchange<0>(row[0], row[1]), last = exchange<0>(row[2], row[3]);
  const Two even = exchange<1>(first.low, last.low), odd = exchange<1>(first.high, last.high);
  // Half-byte i of nibbles[r] is the subset of channel 4 i + r.
  const __m256i nibbles[4] = {even.low, odd.low, even.high, odd.high};
  const __m256i mask = splat(15);
  __m256i bytes[8];
  for (int r = 0; r < 4; ++r) {
    bytes[r] = _mm256_and_si256(nibbles[r], mask);
    bytes[4 + r] = _mm256_and_si256(_mm256_srli_epi16(nibbles[r], 4), mask);
  }
  __m256i low[4], high[4];
  for (int r = 0; r < 4; ++r) {
    low[r] = _mm256_unpacklo_epi8(bytes[2 * r], bytes[2 * r + 1]);
    high[r] = _mm256_unpackhi_epi8(bytes[2 * r], bytes[2 * r + 1]);
  }
  Subsets subsets;
  order(low, subsets.even);
  order(high, subsets.odd);
  return subsets;
}

/// Where vector n of an index has channels 8 half .. 8 half + 7 that look into 16 bytes of a table.
constexpr int place(int n, int sixteen, int half) {
  return n * kVector + 16 * (half * Lanes::kParts + sixteen % Lanes::kParts);
}

/// Subset s of signs to those of the last three like the first; and to the sign of the first.
constexpr Shuffle kLike =
    shuffle([](int i) { return (i & 1) != 0 ? i % 16 >> 1 : 7 - (i % 16 >> 1); });
constexpr Shuffle kSign = shuffle([](int i) { return (i & 1) != 0 ? 1 : -1; });

/// Two groups of each channel side by side, in both halves: groups 0, 1 and groups 2, 3.
FRACBIT_INLINE void put_signs(__m256i groups, int half, uint8_t* index) {
  const __m256i second = _mm256_set1_epi16(0x0800);
  const __m256i like = _mm256_or_si256(_mm256_shuffle_epi8(kLike.load(), groups), second);
  const __m256i sign = _mm256_shuffle_epi8(kSign.load(), groups);
  constexpr int kLast = 2 / Lanes::kParts - 1;  // slot of groups 2 and 3
  store_codes(_mm256_castsi256_si128(like), index + place(0, 0, half));
  store_codes(_mm256_castsi256_si128(sign), index + place(1, 0, half));
  store_codes(_mm256_extracti128_si256(like, 1), index + place(2 * kLast, 1, half));
  store_codes(_mm256_extracti128_si256(sign, 1), index + place(2 * kLast + 1, 1, half));
}

/// Two planes of each channel side by side, of groups `group` and group + 2.
FRACBIT_INLINE void put_planes(__m256i planes, int group, int half, uint8_t* index) {
  store_codes(_mm256_castsi256_si128(planes), index + place(group / Lanes::kParts, group, half));
  store_codes(_mm256_extracti128_si256(planes, 1),
              index + place((group + 2) / Lanes::kParts, group, half));
}

void make_index(Method method, const uint64_t* words, uint8_t* index, int64_t step) noexcept {
  const Subsets a = subsets_of(words);
  if (method == Method::signs) {
    for (int v = 0; v < kVectors; ++v, index += step) {
      put_signs(_mm256_unpacklo_epi8(a.even[v], a.odd[v]), 0, index);
      put_signs(_mm256_unpackhi_epi8(a.even[v], a.odd[v]), 1, index);
    }
    return;
  }
  const Subsets b = subsets_of(words + kCodes);
  for (int v = 0; v < kVectors; ++v, index += step) {
    put_planes(_mm256_unpacklo_epi8(a.even[v], b.even[v]), 0, 0, index);
    put_planes(_mm256_unpackhi_epi8(a.even[v], b.even[v]), 0, 1, index);
    put_planes(_mm256_unpacklo_epi8(a.odd[v], b.odd[v]), 1, 0, index);
    put_planes(_mm256_unpackhi_epi8(a.odd[v], b.odd[v]), 1, 1, index);
  }
}

// --- Codes.

/// Rows i and i + 8 of a square of 16 codes.
struct RowPairs {
  __m256i of[8];
};

/// Each round interleaves rows whose numbers differ in their highest bit, which becomes the lowest
/// bit of a column; the others move up.
FRACBIT_INLINE RowPairs interleave(const RowPairs& a) {
  RowPairs b;
  FRACBIT_UNROLL
  for (int i = 0; i < 4; ++i) {
    b.of[2 * i] = _mm256_unpacklo_epi8(a.of[i], a.of[i + 4]);
    b.of[2 * i + 1] = _mm256_unpackhi_epi8(a.of[i], a.of[i + 4]);
  }
  return b;
}

void turn(const uint8_t* const (&rows)[kCodes], uint8_t* to, int64_t step) noexcept {
  RowPairs pairs;
  FRACBIT_UNROLL
  for (int i = 0; i < 8; ++i) {
    const __m256i low = _mm256_castsi128_si256(load_codes(rows[i]));
    pairs.of[i] = _mm256_inserti128_si256(low, load_codes(rows[i + 8]), 1);
  }
  pairs = interleave(interleave(interleave(pairs)));
  // Eight rows of columns 2 i and 2 i + 1, then the other eight.
  FRACBIT_UNROLL
  for (int i = 0; i < 8; ++i) {
    const __m256i columns = _mm256_permute4x64_epi64(pairs.of[i], 0xd8);
    store_codes(_mm256_castsi256_si128(columns), to + 2 * i * step);
    store_codes(_mm256_extracti128_si256(columns, 1), to + (2 * i + 1) * step);
  }
}

void code_sums(const uint8_t* codes, int64_t pixels, int64_t filters, int32_t* sums) noexcept {
  for (int64_t p = 0; p < pixels; ++p, codes += filters) {
    __m256i sum = _mm256_setzero_si256();
    int64_t f = 0;
    for (; f + 32 <= filters; f += 32) {
      sum = _mm256_add_epi64(sum, _mm256_sad_epu8(load_vector(codes + f), _mm256_setzero_si256()));
    }
    const __m128i two =
        _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    sums[p] = _mm_cvtsi128_si32(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two)));
    for (; f < filters; ++f) sums[p] += codes[f];
  }
}

constexpr Kernels make_kernels(const char* name) {
  using SignStep = NarrowStep<Signs>;
  using PlaneStep = NarrowStep<Planes>;
  return {name,
          Lanes::kStreams,
          {nullptr, nullptr, nullptr, nullptr, input<SignStep>, nullptr},
          {nullptr, nullptr, nullptr, weight<PlaneStep>, weight<SignStep>, nullptr},
          {nullptr, nullptr, nullptr, index_sum<PlaneStep>, index_sum<SignStep>, nullptr},
          make_tables,
          make_index,
          nullptr,
          turn,
          code_sums};
}
