#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/table/table.h"

namespace fracbit::kernels::table {
namespace {

#include "fracbit/framework/kernels/table/channels_avx512.inc.h"

/// Byte permutations of whole vectors (VBMI) and dot products of bytes (VNNI). Byte 4 c + j of an
/// index is 16 j + the subset of group j for channel c.
struct Lanes : Channels {
  static constexpr int kPixels[kVectors] = {8, 8, 4, 4}, kStreams = 3;

  static Bytes load_bytes(const uint8_t* p) { return _mm512_loadu_si512(p); }
  /// GCC would read a table again for each index.
  static Bytes load_once(const uint8_t* p) { return once(load_bytes(p)); }
  static Bytes repeat(const uint8_t* p) { return _mm512_broadcastd_epi32(_mm_loadu_si32(p)); }
  static Bytes add_bytes(Bytes a, Bytes b) { return _mm512_add_epi8(a, b); }
  static Bytes look(Bytes index, Bytes table) { return _mm512_permutexvar_epi8(index, table); }
  /// As an instruction of its own: around the intrinsic GCC 12 copies the sums, at half the speed.
  static Sums dot(Sums sums, Bytes a, Bytes b) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b));
    return sums;
  }
};

#include "fracbit/framework/kernels/table/common.inc.h"
//
#include "fracbit/framework/kernels/table/dot_steps.inc.h"
//
#include "fracbit/framework/kernels/table/input.inc.h"
#include "fracbit/framework/kernels/table/weight.inc.h"

/// Byte i of a permutation.
struct alignas(64) Permutation {
  uint8_t at[64];
  __m512i load() const { return _mm512_load_si512(at); }
};

template <typename F>
constexpr Permutation permutation(F at) {
  Permutation p{};
  for (int i = 0; i < 64; ++i) p.at[i] = static_cast<uint8_t>(at(i));
  return p;
}

// Where the sums of the first, and of the last, two codes of each group come from: codes are bytes
// 0 .. 63, their sums with the next code bytes 64 .. 127. Run r has codes 16 r .. 16 r + 15.
// Subsets without them are masked off.
constexpr auto first_two = [](int run, int i) {
  const int code = 16 * run + i / 16 * 4, m = i % 4;
  return m == 3 ? 64 + code : m == 2 ? code + 1 : code;
};
constexpr auto last_two = [](int run, int i) {
  const int code = 16 * run + i / 16 * 4 + 2, m = i % 16 / 4;
  return m == 3 ? 64 + code : m == 2 ? code + 1 : code;
};
constexpr uint64_t kFirstTwo = 0xeeeeeeeeeeeeeeee, kLastTwo = 0xfff0fff0fff0fff0;
template <int Run>
constexpr Permutation kFirst = permutation([](int i) { return first_two(Run, i); });
template <int Run>
constexpr Permutation kLast = permutation([](int i) { return last_two(Run, i); });

template <int Run>
FRACBIT_INLINE void make_table(__m512i codes, __m512i pairs, uint8_t* table) {
  const __m512i first = _mm512_maskz_permutex2var_epi8(kFirstTwo, codes, kFirst<Run>.load(), pairs);
  const __m512i last = _mm512_maskz_permutex2var_epi8(kLastTwo, codes, kLast<Run>.load(), pairs);
  _mm512_storeu_si512(table, _mm512_add_epi8(first, last));
}

/// Tables of up to four runs.
FRACBIT_INLINE void make_four(__m512i codes, int64_t count, uint8_t* tables, int64_t step) {
  const __m512i pairs = _mm512_add_epi8(codes, _mm512_srli_epi16(codes, 8));
  make_table<0>(codes, pairs, tables);
  if (count > 1) make_table<1>(codes, pairs, tables + step);
  if (count > 2) make_table<2>(codes, pairs, tables + 2 * step);
  if (count > 3) make_table<3>(codes, pairs, tables + 3 * step);
}

void make_tables(Method method, const uint8_t* codes, int64_t count, int32_t, uint8_t* tables,
                 int64_t step) noexcept {
  const __m512i low = _mm512_set1_epi8(15);
  for (int64_t run = 0; run < count; run += 4, codes += 64, tables += 4 * step) {
    const int64_t left = count - run;
    const uint64_t mask = left >= 4 ? ~uint64_t{0} : (uint64_t{1} << (16 * left)) - 1;
    const __m512i q = _mm512_maskz_loadu_epi8(mask, codes);
    if (method == Method::nibbles) {
      make_four(_mm512_and_si512(q, low), left, tables, step);
      make_four(_mm512_and_si512(_mm512_srli_epi16(q, 4), low), left, tables + kBytes, step);
    } else {
      make_four(q, left, tables, step);
    }
  }
}

// Byte p of qword g is byte g of qword 7 - p: the affine instruction numbers rows from the last.
constexpr Permutation kTurnBytes = permutation([](int i) { return (7 - i % 8) * 8 + i / 8; });
constexpr long long kTurnBits = static_cast<long long>(0x8040201008040201);

/// Byte c of the result has bit c of each of eight words.
FRACBIT_INLINE __m512i turn_bits(const uint64_t* words) {
  const __m512i bytes = _mm512_permutexvar_epi8(kTurnBytes.load(), _mm512_loadu_si512(words));
  return _mm512_gf2p8affine_epi64_epi8(_mm512_set1_epi64(kTurnBits), bytes, 0);
}

// Per qword of index v the 16 bits of two channels: bytes of the low words at 0 .. 63, of the high
// words at 64 .. 127.
template <int Vector>
constexpr Permutation kTwoChannels = permutation([](int i) {
  return i % 8 < 4 ? (i & 1) * 64 + 16 * Vector + i / 8 * 2 + i % 4 / 2 : 0;
});
constexpr Permutation kNibbles = permutation([](int i) { return 4 * (i % 8); });

template <int Vector>
FRACBIT_INLINE void make_one_index(__m512i low, __m512i high, uint8_t* index) {
  const __m512i bits = _mm512_permutex2var_epi8(low, kTwoChannels<Vector>.load(), high);
  const __m512i nibbles = _mm512_multishift_epi64_epi8(kNibbles.load(), bits);
  constexpr int kAndOr = 0xea;  // (a & b) | c
  _mm512_storeu_si512(index, _mm512_ternarylogic_epi32(nibbles, _mm512_set1_epi8(15),
                                                       _mm512_set1_epi32(0x30201000), kAndOr));
}

void make_subsets(const uint64_t* words, uint8_t* index, int64_t step) {
  const __m512i low = turn_bits(words), high = turn_bits(words + 8);
  make_one_index<0>(low, high, index);
  make_one_index<1>(low, high, index + step);
  make_one_index<2>(low, high, index + 2 * step);
  make_one_index<3>(low, high, index + 3 * step);
}

void make_index(Method method, const uint64_t* words, uint8_t* index, int64_t step) noexcept {
  make_subsets(words, index, step);
  if (method == Method::planes) make_subsets(words + kCodes, index + kBytes, step);
}

/// Levels of a word of channels, one byte each.
FRACBIT_INLINE __m512i levels_of(const uint64_t* row, int planes, int64_t plane, int mul, int add) {
  if (row == nullptr) return _mm512_setzero_si512();
  __m512i level = Lanes::splat_bytes(add);
  for (int p = 0; p < planes; ++p) {
    const __m512i bit = _mm512_maskz_set1_epi8(row[p * plane], static_cast<char>(mul << p));
    level = _mm512_add_epi8(level, bit);
  }
  return level;
}

void make_levels(const uint64_t* const (&rows)[4], int planes, int64_t plane, int mul, int add,
                 uint8_t* index, int64_t step) noexcept {
  __m512i row[4];
  for (int i = 0; i < 4; ++i) row[i] = levels_of(rows[i], planes, plane, mul, add);
  const __m512i low01 = _mm512_unpacklo_epi8(row[0], row[1]);
  const __m512i high01 = _mm512_unpackhi_epi8(row[0], row[1]);
  const __m512i low23 = _mm512_unpacklo_epi8(row[2], row[3]);
  const __m512i high23 = _mm512_unpackhi_epi8(row[2], row[3]);
  // 128-bit lane i of part k has channels 16 i + 4 k .. 16 i + 4 k + 3.
  const __m512i part[4] = {_mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
                           _mm512_unpacklo_epi16(high01, high23),
                           _mm512_unpackhi_epi16(high01, high23)};
  const __m512i even01 = _mm512_shuffle_i64x2(part[0], part[1], 0x88);  // lanes 0, 2 of each
  const __m512i odd01 = _mm512_shuffle_i64x2(part[0], part[1], 0xdd);
  const __m512i even23 = _mm512_shuffle_i64x2(part[2], part[3], 0x88);
  const __m512i odd23 = _mm512_shuffle_i64x2(part[2], part[3], 0xdd);
  _mm512_storeu_si512(index, _mm512_shuffle_i64x2(even01, even23, 0x88));
  _mm512_storeu_si512(index + step, _mm512_shuffle_i64x2(odd01, odd23, 0x88));
  _mm512_storeu_si512(index + 2 * step, _mm512_shuffle_i64x2(even01, even23, 0xdd));
  _mm512_storeu_si512(index + 3 * step, _mm512_shuffle_i64x2(odd01, odd23, 0xdd));
}

// From four rows of 16 codes to 16 columns of four.
constexpr Permutation kTurnFour = permutation([](int i) { return i % 4 * 16 + i / 4; });

FRACBIT_INLINE __m512i turn_four(const uint8_t* const* rows) {
  const auto load = [](const uint8_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  };
  __m512i four = _mm512_castsi128_si512(load(rows[0]));
  four = _mm512_inserti32x4(four, load(rows[1]), 1);
  four = _mm512_inserti32x4(four, load(rows[2]), 2);
  four = _mm512_inserti32x4(four, load(rows[3]), 3);
  return _mm512_permutexvar_epi8(kTurnFour.load(), four);
}

void turn(const uint8_t* const (&rows)[kCodes], uint8_t* to, int64_t step) noexcept {
  __m512i fours[4];
  FRACBIT_UNROLL
  for (int j = 0; j < 4; ++j) fours[j] = turn_four(rows + 4 * j);
  const __m512i low01 = _mm512_unpacklo_epi32(fours[0], fours[1]);
  const __m512i high01 = _mm512_unpackhi_epi32(fours[0], fours[1]);
  const __m512i low23 = _mm512_unpacklo_epi32(fours[2], fours[3]);
  const __m512i high23 = _mm512_unpackhi_epi32(fours[2], fours[3]);
  // 128-bit lane j of column i is column 4 j + i of the rows.
  const __m512i column[4] = {
      _mm512_unpacklo_epi64(low01, low23), _mm512_unpackhi_epi64(low01, low23),
      _mm512_unpacklo_epi64(high01, high23), _mm512_unpackhi_epi64(high01, high23)};
  FRACBIT_UNROLL
  for (int i = 0; i < 4; ++i) {
    const auto store = [&](int lane, __m128i codes) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + (4 * lane + i) * step), codes);
    };
    store(0, _mm512_castsi512_si128(column[i]));
    store(1, _mm512_extracti32x4_epi32(column[i], 1));
    store(2, _mm512_extracti32x4_epi32(column[i], 2));
    store(3, _mm512_extracti32x4_epi32(column[i], 3));
  }
}

void code_sums(const uint8_t* codes, int64_t pixels, int64_t filters, int32_t* sums) noexcept {
  const __m512i one = _mm512_set1_epi8(1);
  for (int64_t p = 0; p < pixels; ++p, codes += filters) {
    __m512i sum = Lanes::zero();
    for (int64_t f = 0; f < filters; f += 64) {
      const int64_t left = filters - f;
      const uint64_t mask = left >= 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
      sum = Lanes::dot(sum, _mm512_maskz_loadu_epi8(mask, codes + f), one);
    }
    sums[p] = _mm512_reduce_add_epi32(sum);
  }
}

}  // namespace

extern const Kernels kAvx512Vp;
const Kernels kAvx512Vp = {
    "avx512vp",
    Lanes::kStreams,
    {input<TableStep>, input<PairStep>, input<NibbleStep>, nullptr, nullptr, input<DotStep>},
    {weight<TableStep>, weight<PairStep>, weight<NibbleStep>, weight<PlaneStep>, nullptr,
     weight<DotStep>},
    {index_sum<TableStep>, index_sum<PairStep>, index_sum<PairStep>, index_sum<PlaneStep>, nullptr,
     index_sum<DotStep>},
    make_tables,
    make_index,
    make_levels,
    turn,
    code_sums};

}  // namespace fracbit::kernels::table
