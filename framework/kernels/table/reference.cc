#include <cstdint>

#include "fracbit/framework/kernels/table/table.h"

namespace fracbit::kernels::table {
namespace {

real fused(real a, real b, real c) {
  return sizeof(real) == sizeof(float)
             ? static_cast<real>(__builtin_fmaf(static_cast<float>(a), static_cast<float>(b),
                                                static_cast<float>(c)))
             : static_cast<real>(__builtin_fma(a, b, c));
}

constexpr int kStreams = 3;

/// The four sums that channel c of an index looks up, added. Byte 4 c + j of an index is the subset
/// of group j.
int32_t look_up(const uint8_t* table, const uint8_t* index, int c) {
  int32_t sum = 0;
  for (int j = 0; j < 4; ++j) sum += table[16 * j + index[4 * c + j]];
  return sum;
}

/// The same with tables of signs: a subset has the bits of all four s.
int32_t look_up_signs(const uint8_t* table, const uint8_t* index, int c) {
  int32_t sum = 0;
  for (int j = 0; j < 4; ++j) {
    const int s = index[4 * c + j];
    const bool positive = (s & 1) != 0;
    const int like_first = positive ? s >> 1 : 7 - (s >> 1);
    sum += positive ? table[8 * j + like_first] : -table[8 * j + like_first];
  }
  return sum;
}

/// One step of a sum: q is a table, two tables, or four codes.
int32_t step(Method method, const uint8_t* q, const uint8_t* index, int c) {
  switch (method) {
    case Method::table:
    case Method::pairs:
      return look_up(q, index, c);
    case Method::nibbles:
      return look_up(q, index, c) + 16 * look_up(q + kBytes, index, c);
    case Method::planes:
      return look_up(q, index, c) + 2 * look_up(q, index + kBytes, c);
    case Method::signs:
      return look_up_signs(q, index, c);
    case Method::dot:
      break;
  }
  int32_t sum = 0;
  for (int i = 0; i < 4; ++i) sum += q[i] * static_cast<int8_t>(index[4 * c + i]);
  return sum;
}

template <Method M>
void input(const InputProduct& d) noexcept {
  for (int64_t p = 0; p < d.pixels; ++p) {
    for (int c = 0; c < d.channels; ++c) {
      int32_t sum = 0;
      for (int64_t k = 0; k < d.k; ++k) {
        const uint8_t* index = d.index + (k * d.vectors + c / kChannels) * index_bytes(M);
        sum += step(M, d.q + d.window[p] + d.tap[k], index, c % kChannels);
      }
      const int32_t terms = d.pixel_term[p] + d.class_term[d.pixel_class[p] * kWord + c];
      d.y[d.result[p] + c] = d.scale[p] * static_cast<real>(d.factor * sum + terms);
    }
  }
}

template <Method M>
int32_t weight_sum(const WeightProduct& d, int64_t b, int f, int64_t t, int c) {
  const uint8_t* q = d.q + b * d.q_sample + f * d.q_filter;
  int32_t sum = 0;
  for (int64_t k = 0; k < d.blocks; ++k, q += d.q_block) {
    const uint8_t* index = d.index + b * d.index_sample + d.stream[t] + d.block[k];
    sum += step(M, q, index, c);
  }
  const int32_t term = d.term == nullptr ? 0 : d.term[b * d.term_sample + d.stream_term[t] + f];
  return d.unit * sum + d.start[b * d.start_sample + t * kChannels + c] + term;
}

template <Method M>
void weight(const WeightProduct& d) noexcept {
  for (int64_t t = 0; t < d.streams; ++t) {
    const int64_t first = t / kStreams * kStreams;
    const int64_t together = d.streams - first < kStreams ? d.streams - first : kStreams;
    for (int f = 0; f < kFilters; ++f) {
      real* sums = d.sums + (first * kFilters + f * together + t - first) * kChannels;
      for (int c = 0; c < kChannels; ++c) {
        for (int64_t b = 0; b < d.samples; ++b) {
          const real sum = static_cast<real>(weight_sum<M>(d, b, f, t, c));
          sums[c] = fused(d.scale[b], sum, sums[c]);
        }
      }
    }
  }
}

template <Method M>
void index_sum(const IndexSum& s) noexcept {
  for (int64_t t = 0; t < s.streams; ++t) {
    for (int c = 0; c < kChannels; ++c) {
      int32_t sum = 0;
      for (int64_t k = 0; k < s.blocks; ++k) {
        const uint8_t* index = s.index + s.stream[t] + s.block[k];
        sum += step(M, s.q + k * s.q_block, index, c);
      }
      s.sums[t * kChannels + c] = s.factor * sum + s.offset[t];
    }
  }
}

void make_table(const uint8_t* codes, int shift, int mask, uint8_t* table) {
  for (int i = 0; i < kBytes; ++i) {
    int sum = 0;
    for (int bit = 0; bit < 4; ++bit) {
      if (i >> bit & 1) sum += codes[i / 16 * 4 + bit] >> shift & mask;
    }
    table[i] = static_cast<uint8_t>(sum);
  }
}

void make_signs(const uint8_t* codes, int32_t top, uint8_t* table) {
  for (int i = 0; i < table_bytes(Method::signs); ++i) {
    const uint8_t* group = codes + i / 8 * 4;
    int sum = group[0];
    for (int bit = 0; bit < 3; ++bit) {
      sum += (i >> bit & 1) != 0 ? group[bit + 1] : top - group[bit + 1];
    }
    table[i] = static_cast<uint8_t>(sum);
  }
}

void make_tables(Method method, const uint8_t* codes, int64_t count, int32_t top, uint8_t* tables,
                 int64_t step) noexcept {
  const bool nibbles = method == Method::nibbles;
  for (int64_t run = 0; run < count; ++run, codes += kCodes, tables += step) {
    if (method == Method::signs) {
      make_signs(codes, top, tables);
      continue;
    }
    make_table(codes, 0, nibbles ? 15 : 255, tables);
    if (nibbles) make_table(codes, 4, 15, tables + kBytes);
  }
}

/// Byte 4 c + j is the subset of group j.
void make_subsets(const uint64_t* words, uint8_t* index, int64_t step) {
  for (int c = 0; c < kWord; ++c) {
    for (int j = 0; j < 4; ++j) {
      int subset = 0;
      for (int i = 0; i < 4; ++i) subset |= static_cast<int>(words[4 * j + i] >> c & 1) << i;
      index[c / kChannels * step + c % kChannels * 4 + j] = static_cast<uint8_t>(subset);
    }
  }
}

void make_index(Method method, const uint64_t* words, uint8_t* index, int64_t step) noexcept {
  make_subsets(words, index, step);
  if (method == Method::planes) make_subsets(words + kCodes, index + kBytes, step);
}

void make_levels(const uint64_t* const (&rows)[4], int planes, int64_t plane, int mul, int add,
                 uint8_t* index, int64_t step) noexcept {
  for (int c = 0; c < kWord; ++c) {
    for (int i = 0; i < 4; ++i) {
      int level = 0;
      if (rows[i] != nullptr) {
        int code = 0;
        for (int p = 0; p < planes; ++p) code |= static_cast<int>(rows[i][p * plane] >> c & 1) << p;
        level = mul * code + add;
      }
      index[c / kChannels * step + c % kChannels * 4 + i] = static_cast<uint8_t>(level);
    }
  }
}

void turn(const uint8_t* const (&rows)[kCodes], uint8_t* to, int64_t step) noexcept {
  for (int f = 0; f < kCodes; ++f) {
    for (int p = 0; p < kCodes; ++p) to[f * step + p] = rows[p][f];
  }
}

void code_sums(const uint8_t* codes, int64_t pixels, int64_t filters, int32_t* sums) noexcept {
  for (int64_t p = 0; p < pixels; ++p) {
    sums[p] = 0;
    for (int64_t f = 0; f < filters; ++f) sums[p] += codes[p * filters + f];
  }
}

}  // namespace

extern const Kernels kReference;
const Kernels kReference = {
    "reference",
    kStreams,
    {input<Method::table>, input<Method::pairs>, input<Method::nibbles>, nullptr,
     input<Method::signs>, input<Method::dot>},
    {weight<Method::table>, weight<Method::pairs>, weight<Method::nibbles>, weight<Method::planes>,
     weight<Method::signs>, weight<Method::dot>},
    {index_sum<Method::table>, index_sum<Method::pairs>, index_sum<Method::pairs>,
     index_sum<Method::planes>, index_sum<Method::signs>, index_sum<Method::dot>},
    make_tables,
    make_index,
    make_levels,
    turn,
    code_sums};

}  // namespace fracbit::kernels::table
