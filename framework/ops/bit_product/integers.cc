#include "fracbit/framework/ops/bit_product/integers.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/ops/bit_product/filters.h"
#include "fracbit/framework/ops/bit_product/inputs.h"
#include "fracbit/framework/ops/bit_product/kernels.h"
#include "fracbit/framework/ops/bit_product/plan.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::bit_product {
namespace {

namespace bitgemm = kernels::bitgemm;
using bitgemm::kFilters;

/// Magnitudes of a level, and of what mul q and add can be apart.
struct Range {
  int64_t level = 1, apart = 1;

  explicit Range(const BitTensor& bits) {
    if (bits.encoding() == Encoding::residual) return;
    const CodeMap map = bits.map();
    const int64_t most = map.mul * ((int64_t{1} << bits.bits()) - 1);
    level = std::max(std::abs(int64_t{map.add}), std::abs(most + map.add));
    apart = std::abs(most) + std::abs(int64_t{map.add});
  }
};

/// Output rows of one image and one group, block after block of filters.
template <typename Integer>
class Rows {
 public:
  Rows(const Plan& plan, const BitTensor& x, const Geometry& geometry, int64_t group,
       const Filters& filters, const bitgemm::Kernels& kernels, Integer* d)
      : plan_(plan),
        geometry_(geometry),
        kernels_(kernels),
        x_(x),
        filters_(filters),
        group_(group),
        d_(d),
        border_(geometry),
        windows_(x, geometry, geometry.out_height) {
    for (const Step& step : plan.steps) {
      filter_terms_.push_back(filters.terms(step, border_, geometry, kernels));
    }
  }
  void operator()() {
    parallel_for(geometry_.images, 1, [&](int64_t begin, int64_t end) {
      Chunk chunk(x_, geometry_, windows_);
      std::vector<std::vector<int32_t>> pixel_terms(plan_.steps.size());
      const int64_t pixels = geometry_.out_height * geometry_.out_width;
      std::vector<int32_t> sums(static_cast<size_t>(pixels * kFilters));
      for (int64_t image = begin; image < end; ++image) {
        chunk.load(image, group_, 0, geometry_.out_height);
        for (size_t i = 0; i < plan_.steps.size(); ++i) {
          const std::vector<int32_t>& factors = plan_.steps[i].pixel;
          if (!factors.empty()) chunk.sum_windows(factors, kernels_, pixel_terms[i]);
        }
        for (int64_t b = 0; b < filters_.blocks(); ++b) {
          block(chunk, pixel_terms, b, sums.data());
          store(image, b, sums.data());
        }
      }
    });
  }

 private:
  void block(const Chunk& chunk, const std::vector<std::vector<int32_t>>& pixel_terms, int64_t b,
             int32_t* sums) const {
    const int64_t classes = static_cast<int64_t>(border_.classes.size());
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      const std::vector<int32_t>& filter_term = filter_terms_[i];
      bitgemm::Product product;
      product.x = chunk.words() + step.x_plane * windows_.plane_words;
      product.x_plane = windows_.plane_words;
      product.window = windows_.window.data();
      product.tap = windows_.tap.data();
      product.pixels = geometry_.out_height * geometry_.out_width;
      product.k = filters_.words();
      product.w = filters_.block(b) + step.w_plane * filters_.plane_size();
      product.w_plane = filters_.plane_size();
      product.x_planes = step.x_planes;
      product.w_planes = step.w_planes;
      product.factor = step.factor;
      product.add = step.add;
      product.pixel_term = step.pixel.empty() ? nullptr : pixel_terms[i].data();
      product.filter_term =
          filter_term.empty() ? nullptr : filter_term.data() + b * classes * kFilters;
      product.pixel_class = border_.pixel_class.data();
      product.out = sums;
      kernel_of(step.op, kernels_)(product);
    }
  }
  void store(int64_t image, int64_t b, const int32_t* sums) const {
    const int64_t pixels = geometry_.out_height * geometry_.out_width;
    const int64_t valid = std::min<int64_t>(kFilters, geometry_.group_filters() - b * kFilters);
    Integer* to =
        d_ + image * pixels * geometry_.filters + group_ * geometry_.group_filters() + b * kFilters;
    for (int64_t p = 0; p < pixels; ++p, to += geometry_.filters, sums += kFilters) {
      for (int64_t f = 0; f < valid; ++f) to[f] = static_cast<Integer>(sums[f]);
    }
  }

  const Plan& plan_;
  const Geometry& geometry_;
  const bitgemm::Kernels& kernels_;
  const BitTensor& x_;
  const Filters& filters_;
  int64_t group_;
  Integer* d_;
  Border border_;
  Windows windows_;
  std::vector<std::vector<int32_t>> filter_terms_;  // of each step
};

template <typename Integer>
void run_groups(const BitTensor& x, const BitTensor& w, const Geometry& geometry,
                const bitgemm::Kernels& kernels, Integer* d) {
  const Plan plan = make_plan(describe(x), describe(w));
  if (plan.x_terms * plan.w_terms != 1) {
    throw ConfigError("[integer_product] expects codes or one residual term, got " +
                      std::to_string(w.bits()) + " terms by " + std::to_string(x.bits()));
  }
  for (int64_t group = 0; group < geometry.options.groups; ++group) {
    const Filters filters(w, geometry, group);
    Rows<Integer>(plan, x, geometry, group, filters, kernels, d)();
  }
}

}  // namespace

int64_t largest_integer(const BitTensor& x, const BitTensor& w, const Geometry& geometry) {
  const Range a(x);
  const Range b(w);
  const int64_t length = geometry.taps() * geometry.group_channels();
  const int64_t most = int64_t{INT32_MAX} / (a.apart * b.apart);
  if (length > most) {
    throw ShapeError("[quantized_product] expects sums that fit 32 bits, at most " +
                     std::to_string(most) + " products, got " + std::to_string(length) + " (x " +
                     to_string(x.shape()) + ", weight " + to_string(w.shape()) + ")");
  }
  return length * a.level * b.level;
}

void run_integers(const BitTensor& x, const BitTensor& w, const Geometry& geometry,
                  std::string_view isa, IntTensor& d) {
  const bitgemm::Kernels& kernels = require_kernels(isa);
  largest_integer(x, w, geometry);
  if (d.size() == 0) return;
  if (d.width() == IntWidth::int16) {
    run_groups(x, w, geometry, kernels, d.data<int16_t>());
  } else {
    run_groups(x, w, geometry, kernels, d.data<int32_t>());
  }
}

}  // namespace fracbit::ops::bit_product
