#include "fracbit/framework/sign_terms.h"

#include <algorithm>
#include <string>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/residual/residual.h"

namespace fracbit {
namespace {

static_assert(SignTerms::kMost == kernels::residual::kMostTerms);

const kernels::residual::Kernels& active() {
  static const auto& kernels = kernels::residual::find(std::string(isa_name(active_isa())).c_str());
  return kernels;
}

kernels::residual::Code code_of(const SignTerms& terms) {
  using kernels::residual::Widths;
  kernels::residual::Code code{};
  code.terms = terms.terms;
  std::copy(terms.mu.begin(), terms.mu.end(), code.mu);
  code.widths = terms.widths == SignTerms::Widths::uniform ? Widths::uniform
                : terms.widths == SignTerms::Widths::cuts  ? Widths::cuts
                                                           : Widths::stored;
  code.key = {terms.centre, terms.negative};
  std::copy(terms.cut.begin(), terms.cut.end(), code.cut);
  code.stored = terms.stored;
  return code;
}

int64_t size_of(std::span<const real> x) {
  return static_cast<int64_t>(x.size());
}

}  // namespace

double sum_of_magnitudes(std::span<const real> x) {
  return active().magnitude(x.data(), size_of(x));
}

TermSum sum_of_term(std::span<const real> x, const SignTerms& code, int term) {
  const auto sum = active().term(x.data(), size_of(x), code_of(code), term);
  return {sum.magnitude, sum.count};
}

void write_levels(std::span<const real> x, const SignTerms& code, const real* level, real* out) {
  active().values(x.data(), size_of(x), code_of(code), level, out);
}

void write_levels(std::span<const real> x, const SignTerms& code, const real* level, int8_t* out) {
  active().bytes(x.data(), size_of(x), code_of(code), level, out);
}

void write_levels(std::span<const real> x, const SignTerms& code, const real* level, int16_t* out) {
  active().words(x.data(), size_of(x), code_of(code), level, out);
}

void write_planes(std::span<const real> x, const SignTerms& code, uint64_t* row) {
  active().planes(x.data(), size_of(x), code_of(code), row);
}

void write_widths(std::span<const real> x, const SignTerms& code, uint8_t* out) {
  active().widths(x.data(), size_of(x), code_of(code), out);
}

}  // namespace fracbit
