#include "fracbit/framework/ops/integer_gradient/method.h"

#include <algorithm>

#include "fracbit/framework/kernels/table/table.h"
#include "fracbit/framework/ops/integer_gradient/operands.h"

namespace fracbit::ops::integer_gradient {
namespace {

using kernels::table::Kernels;
using kernels::table::Method;

/// Four codes of 6 bits, or eight of 5, sum to a byte.
constexpr int kTableBits = 6, kPairBits = 5;
/// Largest factor that products of tables take as a byte beside 16 for the high nibbles.
constexpr int kMostFactor = 3;

Operand as_codes(const BitTensor& bits) {
  return {1, 0, bits.map().mul, bits.map().add, (1 << bits.bits()) - 1};
}

/// Levels where they are signed bytes, else codes around 0.
Operand as_signed_bytes(const BitTensor& bits) {
  const LevelRange range(bits);
  if (range.low >= -128 && range.high <= 127) {
    return {bits.map().mul, bits.map().add, 1, 0, range.most()};
  }
  const int middle = 1 << (bits.bits() - 1);
  return {1, -middle, bits.map().mul, bits.map().add + middle * bits.map().mul, middle};
}

bool fits_tables(const BitTensor& bits) {
  return bits.map().mul >= 1 && bits.map().mul <= kMostFactor;
}

Method one_bit_method(int gradient_bits) {
  return gradient_bits <= kPairBits    ? Method::pairs
         : gradient_bits <= kTableBits ? Method::table
                                       : Method::nibbles;
}

bool offers(const Kernels& kernels, Method method) {
  return kernels.weight[static_cast<int>(method)] != nullptr;
}

Choice choose(const BitTensor& bits, Method table, bool wants_table, int64_t groups,
              std::string_view isa) {
  Choice choice;
  choice.kernels = groups == 1 ? kernels::table::find(std::string(isa).c_str()) : nullptr;
  if (choice.kernels == nullptr) return choice;
  if (wants_table && fits_tables(bits) && offers(*choice.kernels, table)) {
    choice.method = table;
    choice.operand = as_codes(bits);
  } else {
    choice.method = Method::dot;
    choice.operand = as_signed_bytes(bits);
  }
  return choice;
}

}  // namespace

Choice choose_input(const BitTensor& w, int gradient_bits, int64_t groups, std::string_view isa) {
  return choose(w, one_bit_method(gradient_bits), w.bits() == 1, groups, isa);
}

Choice choose_weight(const BitTensor& x, int gradient_bits, int64_t groups, std::string_view isa) {
  const int lookups = x.bits() * (gradient_bits <= kTableBits ? 1 : 2);
  const Method method = x.bits() == 1 ? one_bit_method(gradient_bits) : Method::planes;
  return choose(x, method, lookups <= 2, groups, isa);
}

std::string name_of(const Choice& choice, const BitTensor& operand, int gradient_bits,
                    std::string_view isa) {
  const std::string bits = std::to_string(gradient_bits) + "x" + std::to_string(operand.bits());
  if (choice.kernels == nullptr) return "levels " + bits + " (" + std::string(isa) + ")";
  const bool dot = choice.method == Method::dot;
  return (dot ? "dot " : "table ") + bits + " (" + std::string(isa) + ")";
}

}  // namespace fracbit::ops::integer_gradient
