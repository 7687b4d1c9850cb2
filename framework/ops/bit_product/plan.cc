#include "fracbit/framework/ops/bit_product/plan.h"

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

namespace fracbit::ops::bit_product {
namespace {

bool is_full(const BitTensor& bits, int plane) {
  const int64_t words = bits.words_per_plane();
  const int64_t tail = bits.shape().back() % 64;
  const uint64_t last = tail == 0 ? ~uint64_t{0} : (uint64_t{1} << tail) - 1;
  for (int64_t r = 0; r < bits.rows(); ++r) {
    const uint64_t* row = bits.row(r) + plane * words;
    for (int64_t i = 0; i + 1 < words; ++i) {
      if (row[i] != ~uint64_t{0}) return false;
    }
    if (row[words - 1] != last) return false;
  }
  return true;
}

/// factors[plane + i] = factor 2^i for the planes of a code.
std::vector<int32_t> code_weights(const Operand& operand, int32_t factor) {
  std::vector<int32_t> weights(static_cast<size_t>(operand.planes), 0);
  for (int p = 0; p < operand.code_planes; ++p) {
    weights[static_cast<size_t>(p)] = factor * (int32_t{1} << p);
  }
  return weights;
}

std::vector<int32_t> no_weights(const Operand& operand) {
  return std::vector<int32_t>(static_cast<size_t>(operand.planes), 0);
}

/// (m_x q_x + a_x)(m_w q_w + a_w), summed where x is inside the image:
///   m_x m_w sum q_x q_w + m_x a_w sum q_x + sum over inside taps of a_x (m_w q_w + a_w)
Step codes_by_codes(const Operand& x, const Operand& w) {
  Step step;
  step.x_planes = x.code_planes;
  step.w_planes = w.code_planes;
  step.factor = x.map.mul * w.map.mul;
  if (w.map.add != 0) step.pixel = code_weights(x, x.map.mul * w.map.add);
  if (x.map.add != 0) {
    step.inside = code_weights(w, x.map.add * w.map.mul);
    step.per_channel = x.map.add * w.map.add;
  }
  return step;
}

/// Signs s of w and t of x under masks W and X: pc(V) - 2 pc((s ^ t) & V) with V = W & X. Where one
/// mask is full, pc(V) is known from the other alone. Where X is full, x is nevertheless 0 outside
/// the image, so that s counts there, and is given back.
Step term_by_term(const Operand& x, const Operand::Term& xt, const Operand& w,
                  const Operand::Term& wt) {
  Step step;
  step.x_plane = xt.sign;
  step.w_plane = wt.sign;
  if (xt.mask >= 0 && wt.mask >= 0) {
    step.op = Op::both_masked;
    return step;
  }
  step.factor = -2;
  if (xt.mask >= 0) {
    step.op = Op::input_masked;
    step.pixel = no_weights(x);
    step.pixel[static_cast<size_t>(xt.mask)] = 1;
    return step;
  }
  step.op = wt.mask >= 0 ? Op::weight_masked : Op::signs;
  step.outside = no_weights(w);
  step.outside[static_cast<size_t>(wt.sign)] = 2;
  if (wt.mask >= 0) {
    step.inside = no_weights(w);
    step.inside[static_cast<size_t>(wt.mask)] = 1;
  } else {
    step.per_channel = 1;
  }
  return step;
}

/// (m q + a) s of unmasked signs with bits w: m ((2^planes - 1) pc(w) - sum of 2^i pc(q_i ^ w)) +
/// a (2 sum w - 1), the last over inside taps. Outside the image q is 0 and the first part too.
Step codes_by_signs(const Operand& x, const Operand& w, int n) {
  const auto sign = static_cast<size_t>(w.terms[static_cast<size_t>(n)].sign);
  const int32_t largest = (1 << x.code_planes) - 1;
  Step step;
  step.op = Op::signs;
  step.sum = n;
  step.x_planes = x.code_planes;
  step.w_plane = static_cast<int>(sign);
  step.factor = -x.map.mul;
  step.outside = no_weights(w);
  step.outside[sign] = x.map.mul * largest;
  step.inside = step.outside;
  step.inside[sign] += 2 * x.map.add;
  step.per_channel = -x.map.add;
  return step;
}

/// (m q + a) (2 s - W): m (2 sum q s - sum q W) + a (2 sum s - sum W), the last over inside taps.
void codes_by_term(const Operand& x, const Operand& w, int n, std::vector<Step>& steps) {
  const auto [sign, mask] = w.terms[static_cast<size_t>(n)];
  if (mask < 0) {
    steps.push_back(codes_by_signs(x, w, n));
    return;
  }
  Step step;
  step.sum = n;
  step.x_planes = x.code_planes;
  step.w_plane = sign;
  step.factor = 2 * x.map.mul;
  if (x.map.add != 0) {
    step.inside = no_weights(w);
    step.inside[static_cast<size_t>(sign)] = 2 * x.map.add;
    step.inside[static_cast<size_t>(mask)] = -x.map.add;
  }
  steps.push_back(step);
  Step minus;
  minus.sum = n;
  minus.add = true;
  minus.x_planes = x.code_planes;
  minus.w_plane = mask;
  minus.factor = -x.map.mul;
  steps.push_back(minus);
}

/// (2 t - X) (m q + a): m (2 sum t q - sum X q) + a (2 sum t - sum X), inside the image.
void term_by_codes(const Operand& x, int m, const Operand& w, std::vector<Step>& steps) {
  const auto [sign, mask] = x.terms[static_cast<size_t>(m)];
  Step step;
  step.sum = m;
  step.x_plane = sign;
  step.w_planes = w.code_planes;
  step.factor = 2 * w.map.mul;
  if (w.map.add != 0) {
    step.pixel = no_weights(x);
    step.pixel[static_cast<size_t>(sign)] = 2 * w.map.add;
    if (mask >= 0) step.pixel[static_cast<size_t>(mask)] = -w.map.add;
  }
  if (mask < 0) {
    step.inside = code_weights(w, -w.map.mul);
    step.per_channel = -w.map.add;
  }
  steps.push_back(step);
  if (mask < 0) return;
  Step minus;
  minus.sum = m;
  minus.add = true;
  minus.x_plane = mask;
  minus.w_planes = w.code_planes;
  minus.factor = -w.map.mul;
  steps.push_back(minus);
}

}  // namespace

Operand describe(const BitTensor& bits) {
  Operand operand;
  operand.planes = bits.planes();
  operand.map = bits.map();
  if (bits.encoding() == Encoding::residual) {
    for (int n = 0; n < bits.bits(); ++n) {
      operand.terms.push_back({2 * n, is_full(bits, 2 * n + 1) ? -1 : 2 * n + 1});
    }
  } else if (bits.bits() == 1 && bits.map() == CodeMap{2, -1}) {
    operand.terms.push_back({0, -1});
  } else {
    operand.code_planes = bits.bits();
  }
  return operand;
}

int64_t Plan::passes() const {
  int64_t total = 0;
  for (const Step& step : steps) {
    total += step.op == Op::both_masked ? 2 : int64_t{step.x_planes} * step.w_planes;
  }
  return total;
}

Plan make_plan(const Operand& x, const Operand& w) {
  Plan plan;
  plan.w_terms = w.count();
  plan.x_terms = x.count();
  if (x.is_codes() && w.is_codes()) {
    plan.steps.push_back(codes_by_codes(x, w));
  } else if (x.is_codes()) {
    for (int n = 0; n < plan.w_terms; ++n) codes_by_term(x, w, n, plan.steps);
  } else if (w.is_codes()) {
    for (int m = 0; m < plan.x_terms; ++m) term_by_codes(x, m, w, plan.steps);
  } else {
    for (int n = 0; n < plan.w_terms; ++n) {
      for (int m = 0; m < plan.x_terms; ++m) {
        plan.steps.push_back(
            term_by_term(x, x.terms[static_cast<size_t>(m)], w, w.terms[static_cast<size_t>(n)]));
        plan.steps.back().sum = n * plan.x_terms + m;
      }
    }
  }
  return plan;
}

BitKernel kernel_of(Op op, const kernels::bitgemm::Kernels& kernels) {
  switch (op) {
    case Op::codes:
      return kernels.codes;
    case Op::signs:
      return kernels.signs;
    case Op::weight_masked:
      return kernels.weight_masked;
    case Op::input_masked:
      return kernels.input_masked;
    case Op::both_masked:
      return kernels.both_masked;
  }
  return kernels.codes;
}

}  // namespace fracbit::ops::bit_product
