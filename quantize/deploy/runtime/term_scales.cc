#include "fracbit/quantize/deploy/runtime/term_scales.h"

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/quantize/deploy/format/checks.h"

namespace fracbit::deploy::runtime {

namespace bitgemm = kernels::bitgemm;

const bitgemm::Kernels& bit_kernels(std::string_view isa) {
  const bitgemm::Kernels* found = bitgemm::find(std::string(isa).c_str());
  return found != nullptr ? *found : *bitgemm::find("scalar");
}

TermScales::TermScales(const Weights& weights, const Value& x, int w_terms, int x_terms)
    : w_terms_(w_terms),
      x_terms_(x_terms),
      x_scales_(x.scales),
      w_scales_(weights.scales),
      filters_(weights.filters) {
  if (w_scales_.empty()) w_scales_.assign(static_cast<size_t>(w_terms), 1.0F);
}

void TermScales::weights(int64_t filter, int64_t count, float* scales) const {
  const bool per_filter = static_cast<int64_t>(w_scales_.size()) > w_terms_;
  for (int64_t f = 0; f < count; ++f) {
    for (int64_t n = 0; n < w_terms_; ++n) {
      const int64_t from = per_filter ? (filter + f) * w_terms_ + n : n;
      scales[n * kBlock + f] = w_scales_[static_cast<size_t>(from)];
    }
  }
}

void TermScales::combine(const bitgemm::Kernels& kernels, const int32_t* sums, int64_t pixels,
                         int64_t filter, int64_t count, float* y) const {
  float scales[kMostTerms * kBlock] = {};
  weights(filter, count, scales);
  bitgemm::Epilogue epilogue{};
  epilogue.sums = sums;
  epilogue.pixels = pixels;
  epilogue.w_terms = w_terms_;
  epilogue.x_terms = x_terms_;
  epilogue.w_scale = scales;
  epilogue.x_scale = x_scales_.data();
  epilogue.y_step = filters_;
  epilogue.y = y + filter;
  epilogue.filters = static_cast<int>(count);
  (products() == 1 ? kernels.scale : kernels.combine)(epilogue);
}

}  // namespace fracbit::deploy::runtime
