#include "fracbit/framework/bit_tensor.h"

#include <algorithm>
#include <string>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/bitpack/bitpack.h"
#include "fracbit/framework/parallel.h"

namespace fracbit {
namespace {

constexpr int64_t kGrain = 1 << 14;  // elements per task

int64_t rows_per_task(int64_t row_length) {
  return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, row_length));
}

const kernels::bitpack::Kernels& pack_kernels() {
  return kernels::bitpack::find(std::string(isa_name(active_isa())).c_str());
}

void require_size(const char* function, size_t got, const BitTensor& bits) {
  if (got == static_cast<size_t>(bits.shape().size())) return;
  throw ShapeError("[" + std::string(function) + "] expects one value per element of " +
                   to_string(bits.shape()) + ", got " + std::to_string(got));
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
  words_ = Buffer<uint64_t>(rows_ * words_per_row());
  words_.fill(0);
}

void pack_codes(std::span<const uint16_t> codes, BitTensor& bits) {
  require_size("pack_codes", codes.size(), bits);
  const auto& pack = pack_kernels();
  const int64_t last = bits.shape().back();
  parallel_for(bits.rows(), rows_per_task(last), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      pack.codes(codes.data() + r * last, last, bits.bits(), bits.row(r));
    }
  });
}

void pack_compare(std::span<const real> values, real threshold, BitTensor& bits, int plane) {
  require_size("pack_compare", values.size(), bits);
  const auto& pack = pack_kernels();
  const int64_t last = bits.shape().back();
  const int64_t offset = plane * bits.words_per_plane();
  parallel_for(bits.rows(), rows_per_task(last), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      pack.compare(values.data() + r * last, last, threshold, bits.row(r) + offset);
    }
  });
}

void pack_thresholds(std::span<const real> values, std::span<const real> thresholds,
                     BitTensor& bits) {
  require_size("pack_thresholds", values.size(), bits);
  if (thresholds.size() >> bits.bits() != 0) {
    throw ConfigError("[pack_thresholds] expects fewer than 2^" + std::to_string(bits.bits()) +
                      " thresholds, got " + std::to_string(thresholds.size()));
  }
  const auto& pack = pack_kernels();
  const int64_t last = bits.shape().back();
  const int top = static_cast<int>(thresholds.size());
  parallel_for(bits.rows(), rows_per_task(last), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      pack.count(values.data() + r * last, last, thresholds.data(), top, bits.bits(), bits.row(r));
    }
  });
}

namespace {

/// Levels of codes, times the scale of their group if `scales` is not null.
void decode_codes(const BitTensor& bits, const Tensor* scales, Tensor& levels) {
  const auto& pack = pack_kernels();
  const int64_t last = bits.shape().back();
  const CodeMap map = bits.map();
  parallel_for(bits.rows(), rows_per_task(last), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      real* row = levels.data() + r * last;
      pack.levels(bits.row(r), last, bits.bits(), map.mul, map.add, row);
      if (scales == nullptr) continue;
      const real scale = (*scales)[group_of(r, bits.rows(), scales->size())];
      for (int64_t c = 0; c < last; ++c) row[c] = scale * row[c];
    }
  });
}

void decode_residual(const ScaledBits& packed, Tensor& levels) {
  const auto& pack = pack_kernels();
  const BitTensor& bits = packed.bits;
  const int64_t last = bits.shape().back();
  const int64_t groups = packed.scales.size() / bits.bits();
  parallel_for(bits.rows(), rows_per_task(last), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const real* mu = packed.scales.data() + group_of(r, bits.rows(), groups) * bits.bits();
      pack.residual(bits.row(r), last, bits.bits(), mu, levels.data() + r * last);
    }
  });
}

}  // namespace

ScaledLevels decode(const ScaledBits& packed) {
  ScaledLevels decoded{Tensor::uninitialized(packed.bits.shape()), packed.scales};
  if (packed.bits.encoding() == Encoding::codes) {
    decode_codes(packed.bits, nullptr, decoded.levels);
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
  if (packed.bits.encoding() == Encoding::residual) return decode(packed).levels;
  Tensor result = Tensor::uninitialized(packed.bits.shape());
  decode_codes(packed.bits, &packed.scales, result);
  return result;
}

}  // namespace fracbit
