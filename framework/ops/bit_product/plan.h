#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/bit_tensor.h"

namespace fracbit::kernels::bitgemm {
struct Kernels;
struct Product;
}  // namespace fracbit::kernels::bitgemm

namespace fracbit::ops::bit_product {

/// How the product algebra reads one operand: as signs under masks (residual terms, and +-1 codes,
/// which are one unmasked term), or as codes with an affine map.
struct Operand {
  struct Term {
    int sign;  ///< plane of signs
    int mask;  ///< plane of the mask, or -1 where every element is in it
  };
  std::vector<Term> terms;  ///< empty for codes
  int code_planes = 0;      ///< 0 for terms
  CodeMap map;
  int planes = 0;  ///< stored planes

  bool is_codes() const { return terms.empty(); }
  /// Integer products that this side takes part in.
  int count() const { return is_codes() ? 1 : static_cast<int>(terms.size()); }
};

/// Reads the masks once, to find those that are full.
Operand describe(const BitTensor& bits);

enum class Op { codes, signs, weight_masked, input_masked, both_masked };

using BitKernel = void (*)(const kernels::bitgemm::Product&) noexcept;
/// The kernel of an operation.
BitKernel kernel_of(Op op, const kernels::bitgemm::Kernels& kernels);

/// One kernel call and the terms that complete its counts (kernels/bitgemm/bitgemm.h):
///   D = factor count + pixel term + filter term
/// The pixel term is a sum over the window of x, the filter terms are sums over the words of w.
struct Step {
  Op op = Op::codes;
  int x_plane = 0;
  int x_planes = 1;
  int w_plane = 0;
  int w_planes = 1;
  int32_t factor = 1;
  int sum = 0;       ///< index of D: w term times x terms + x term
  bool add = false;  ///< second step of the same D

  std::vector<int32_t> pixel;   ///< per plane of x: factor of its popcount in the window
  std::vector<int32_t> inside;  ///< per plane of w: factor of its popcount in taps inside the image
  std::vector<int32_t> outside;  ///< the same in the taps that fall outside
  int32_t per_channel = 0;       ///< added per channel of each tap inside the image
};

/// The integer products D[n][m] of w term n and x term m, in kernel calls.
struct Plan {
  int w_terms = 1;
  int x_terms = 1;
  std::vector<Step> steps;

  /// Pairs of planes that are compared per word; the cost of the plan.
  int64_t passes() const;
};

/// The algebra of each pair of encodings (docs/conventions.md, "Encodings"). Inputs outside the
/// image count as zeros, whatever their encoding.
Plan make_plan(const Operand& x, const Operand& w);

}  // namespace fracbit::ops::bit_product
