#include "fracbit/framework/bit_tensor.h"

#include <algorithm>
#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"

namespace fracbit {
namespace {

constexpr int64_t kGrain = 1 << 14;  // elements per task

int64_t rows_per_task(int64_t row_length) {
  return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, row_length));
}

real bit(const uint64_t* plane, int64_t c) {
  return static_cast<real>((plane[c / 64] >> (c % 64)) & 1);
}

/// Index along axis 0 of a row, or 0 if one scale serves all.
int64_t group_of(int64_t row, int64_t rows, int64_t groups) {
  return groups == 1 ? 0 : row / (rows / groups);
}

}  // namespace

BitTensor::BitTensor(const Shape& shape, Encoding encoding, int bits, CodeMap map)
    : shape_(shape), encoding_(encoding), bits_(bits), map_(map) {
  if (shape.rank() == 0) throw ShapeError("[bit_tensor] needs at least one axis");
  const int most = encoding == Encoding::codes ? 16 : 8;
  if (bits < 1 || bits > most) {
    throw ConfigError("[bit_tensor] expects 1 to " + std::to_string(most) + " bits, got " +
                      std::to_string(bits));
  }
  const int64_t last = shape.back();
  rows_ = last == 0 ? 0 : shape.size() / last;
  words_per_plane_ = (last + 63) / 64;
  words_.assign(static_cast<size_t>(rows_ * words_per_row()), 0);
}

void pack_codes(std::span<const uint16_t> codes, BitTensor& bits) {
  const int64_t last = bits.shape().back();
  parallel_for(bits.rows(), rows_per_task(last), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const uint16_t* q = codes.data() + r * last;
      uint64_t* row = bits.row(r);
      for (int p = 0; p < bits.bits(); ++p, row += bits.words_per_plane()) {
        for (int64_t word = 0; word < bits.words_per_plane(); ++word) {
          const int64_t first = word * 64;
          const int64_t count = std::min<int64_t>(64, last - first);
          uint64_t packed = 0;
          for (int64_t c = 0; c < count; ++c) packed |= uint64_t{(q[first + c] >> p) & 1u} << c;
          row[word] = packed;
        }
      }
    }
  });
}

void pack_compare(std::span<const real> values, real threshold, BitTensor& bits, int plane) {
  const int64_t last = bits.shape().back();
  parallel_for(bits.rows(), rows_per_task(last), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const real* value = values.data() + r * last;
      uint64_t* row = bits.row(r) + plane * bits.words_per_plane();
      for (int64_t first = 0; first < last; first += 64) {
        const int64_t count = std::min<int64_t>(64, last - first);
        uint64_t packed = 0;
        for (int64_t c = 0; c < count; ++c) {
          packed |= uint64_t{value[first + c] >= threshold} << c;
        }
        row[first / 64] = packed;
      }
    }
  });
}

namespace {

void decode_codes(const BitTensor& bits, Tensor& levels) {
  const int64_t last = bits.shape().back();
  const auto [mul, add] = bits.map();
  parallel_for(bits.rows(), rows_per_task(last), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const uint64_t* row = bits.row(r);
      for (int64_t c = 0; c < last; ++c) {
        int q = 0;
        for (int p = 0; p < bits.bits(); ++p) {
          q |= static_cast<int>((row[p * bits.words_per_plane() + c / 64] >> (c % 64)) & 1) << p;
        }
        levels[r * last + c] = static_cast<real>(mul * q + add);
      }
    }
  });
}

void decode_residual(const ScaledBits& packed, Tensor& levels) {
  const BitTensor& bits = packed.bits;
  const int64_t last = bits.shape().back();
  const int64_t groups = packed.scales.size() / bits.bits();
  parallel_for(bits.rows(), rows_per_task(last), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const real* mu = packed.scales.data() + group_of(r, bits.rows(), groups) * bits.bits();
      for (int64_t c = 0; c < last; ++c) {
        real value = 0;
        for (int n = 0; n < bits.bits(); ++n) {
          const uint64_t* sign = bits.row(r) + 2 * n * bits.words_per_plane();
          const uint64_t* mask = sign + bits.words_per_plane();
          if (bit(mask, c) != 0) value += bit(sign, c) != 0 ? mu[n] : -mu[n];
        }
        levels[r * last + c] = value;
      }
    }
  });
}

}  // namespace

ScaledLevels decode(const ScaledBits& packed) {
  ScaledLevels decoded{Tensor::uninitialized(packed.bits.shape()), packed.scales};
  if (packed.bits.encoding() == Encoding::codes) {
    decode_codes(packed.bits, decoded.levels);
  } else {
    decode_residual(packed, decoded.levels);
    decoded.scales = Tensor::full({1}, 1);
  }
  return decoded;
}

Tensor values(const ScaledLevels& quantized) {
  Tensor result = Tensor::uninitialized(quantized.levels.shape());
  const int64_t groups = quantized.scales.size();
  if (groups == 0 || result.empty()) return result;
  const int64_t stride = result.size() / groups;
  const real* from = quantized.levels.data();
  real* to = result.data();
  parallel_for(result.size(), kGrain, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t group = begin / stride;
      const int64_t stop = std::min(end, (group + 1) * stride);
      const real scale = quantized.scales[group];
      for (int64_t i = begin; i < stop; ++i) to[i] = scale * from[i];
      begin = stop;
    }
  });
  return result;
}

Tensor values(const ScaledBits& packed) {
  return values(decode(packed));
}

}  // namespace fracbit
