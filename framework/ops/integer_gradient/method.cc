#include "fracbit/framework/ops/integer_gradient/method.h"

#include <algorithm>
#include <vector>

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

/// Methods of tables for codes of an operand with L lookups per product, best first.
std::vector<Method> table_methods(const BitTensor& bits, int gradient_bits) {
  if (!fits_tables(bits)) return {};
  const bool low = gradient_bits <= kTableBits;
  if (bits.bits() == 2 && low) return {Method::planes};
  if (bits.bits() != 1) return {};
  if (!low) return {Method::nibbles};
  return {gradient_bits <= kPairBits ? Method::pairs : Method::table, Method::signs};
}

template <typename Products>
Choice choose(const BitTensor& bits, const std::vector<Method>& tables, const Kernels* kernels,
              const Products& products) {
  const auto offered = [&](Method method) { return products[static_cast<int>(method)] != nullptr; };
  for (const Method method : tables) {
    if (offered(method)) return {kernels, method, as_codes(bits)};
  }
  if (offered(Method::dot)) return {kernels, Method::dot, as_signed_bytes(bits)};
  return {};
}

const Kernels* kernels_of(int64_t groups, std::string_view isa) {
  return groups == 1 ? kernels::table::find(std::string(isa).c_str()) : nullptr;
}

}  // namespace

Choice choose_input(const BitTensor& w, int gradient_bits, int64_t groups, std::string_view isa) {
  const Kernels* kernels = kernels_of(groups, isa);
  if (kernels == nullptr) return {};
  std::vector<Method> methods = table_methods(w, gradient_bits);
  if (w.map().mul != -2 * w.map().add) std::erase(methods, Method::signs);
  return choose(w, methods, kernels, kernels->input);
}

Choice choose_weight(const BitTensor& x, int gradient_bits, int64_t groups, std::string_view isa) {
  const Kernels* kernels = kernels_of(groups, isa);
  if (kernels == nullptr) return {};
  return choose(x, table_methods(x, gradient_bits), kernels, kernels->weight);
}

std::string name_of(const Choice& choice, const BitTensor& operand, int gradient_bits,
                    std::string_view isa) {
  const std::string bits = std::to_string(gradient_bits) + "x" + std::to_string(operand.bits());
  if (choice.kernels == nullptr) return "levels " + bits + " (" + std::string(isa) + ")";
  const bool dot = choice.method == Method::dot;
  return (dot ? "dot " : "table ") + bits + " (" + std::string(isa) + ")";
}

}  // namespace fracbit::ops::integer_gradient
