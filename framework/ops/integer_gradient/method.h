#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/ops/conv2d_geometry.h"

namespace fracbit::kernels::table {
struct Kernels;
enum class Method;
}  // namespace fracbit::kernels::table

namespace fracbit::ops::integer_gradient {

/// How the codes of an operand become what a kernel multiplies: s = mul code + add, and a level is
/// factor s + base.
struct Operand {
  int mul = 1, add = 0;
  int32_t factor = 1, base = 0;
  int32_t most = 1;  ///< largest |s|
};

/// What computes a product.
struct Choice {
  const kernels::table::Kernels* kernels = nullptr;  ///< null: sums of levels
  kernels::table::Method method{};
  Operand operand;
};

/// The rule. Of one kernel set, tables serve weights of one bit, and activations of one bit or,
/// with codes of at most 6 bits, of two; dot products serve all else. What a set lacks, products of
/// groups, and all products of sets without kernels are sums of levels. Tables of signs serve
/// weights of +-1.
Choice choose_input(const BitTensor& w, int gradient_bits, int64_t groups, std::string_view isa);
Choice choose_weight(const BitTensor& x, int gradient_bits, int64_t groups, std::string_view isa);

/// "table 6x1 (avx512vp)": bits of the gradient first.
std::string name_of(const Choice& choice, const BitTensor& operand, int gradient_bits,
                    std::string_view isa);

}  // namespace fracbit::ops::integer_gradient
