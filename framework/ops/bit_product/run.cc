#include "fracbit/framework/ops/bit_product/run.h"

#include <algorithm>
#include <array>
#include <vector>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/ops/bit_product/filters.h"
#include "fracbit/framework/ops/bit_product/inputs.h"
#include "fracbit/framework/ops/bit_product/integers.h"
#include "fracbit/framework/ops/bit_product/kernels.h"
#include "fracbit/framework/ops/bit_product/plan.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::bit_product {
namespace {

namespace bitgemm = kernels::bitgemm;
using bitgemm::kFilters;

constexpr size_t kMostTerms = 8;         // of a residual BitTensor
constexpr int64_t kChunkPixels = 64;     // their sums stay in the first cache
constexpr int64_t kTaskWords = 1 << 16;  // word operations that are worth a task
constexpr int64_t kTasks = 16;           // wanted of a product; each of them reads its inputs

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// One group of a product, cut into tasks of output rows of one image times blocks of filters.
class Runner {
 public:
  Runner(const Plan& plan, const ScaledBits& x, const ScaledBits& w, const Geometry& geometry,
         int64_t group, const bitgemm::Kernels& kernels, Tensor& y);
  void operator()();

 private:
  struct Scratch {
    Chunk chunk;
    std::vector<std::vector<int32_t>> pixel_terms;
    std::vector<int32_t> sums;
  };

  void cut();
  void rows_task(int64_t task, Scratch& scratch) const;
  void load(int64_t image, int64_t row, int64_t rows, Scratch& scratch) const;
  void block(int64_t image, int64_t row, int64_t rows, int64_t b, Scratch& scratch) const;
  void scale(int64_t image, int64_t row, int64_t rows, int64_t b, const int32_t* sums) const;

  const Plan& plan_;
  const ScaledBits& x_;
  const ScaledBits& w_;
  const Geometry& geometry_;
  const bitgemm::Kernels& kernels_;
  Tensor& y_;
  int64_t group_;
  Filters filters_;
  Border border_;
  int64_t rows_;  // output rows of a chunk
  Windows windows_;
  std::vector<std::vector<int32_t>> filter_terms_;  // of each step
  int64_t chunks_ = 0, block_ranges_ = 0, range_ = 0, grain_ = 0;
};

Runner::Runner(const Plan& plan, const ScaledBits& x, const ScaledBits& w, const Geometry& geometry,
               int64_t group, const bitgemm::Kernels& kernels, Tensor& y)
    : plan_(plan),
      x_(x),
      w_(w),
      geometry_(geometry),
      kernels_(kernels),
      y_(y),
      group_(group),
      filters_(w.bits, geometry, group),
      border_(geometry),
      rows_(std::clamp<int64_t>(kChunkPixels / geometry.out_width, 1, geometry.out_height)),
      windows_(x.bits, geometry, rows_) {
  for (const Step& step : plan_.steps) {
    filter_terms_.push_back(filters_.terms(step, border_, geometry, kernels));
  }
  cut();
}

void Runner::cut() {
  chunks_ = ceil_div(geometry_.out_height, rows_);
  const int64_t words = std::max<int64_t>(
      1, rows_ * geometry_.out_width * kFilters * filters_.words() * plan_.passes());
  const int64_t wanted = ceil_div(kTasks, geometry_.images * chunks_);
  range_ = std::max(ceil_div(filters_.blocks(), wanted), ceil_div(kTaskWords, words));
  range_ = std::min(range_, filters_.blocks());
  block_ranges_ = ceil_div(filters_.blocks(), range_);
  grain_ = ceil_div(kTaskWords, words * range_);
}

void Runner::operator()() {
  const int64_t tasks = geometry_.images * chunks_ * block_ranges_;
  parallel_for(tasks, grain_, [&](int64_t begin, int64_t end) {
    Scratch scratch{Chunk(x_.bits, geometry_, windows_), {}, {}};
    scratch.pixel_terms.resize(plan_.steps.size());
    for (int64_t task = begin; task < end; ++task) rows_task(task, scratch);
  });
}

void Runner::rows_task(int64_t task, Scratch& scratch) const {
  const int64_t first = task % block_ranges_ * range_;
  const int64_t chunk = task / block_ranges_ % chunks_;
  const int64_t image = task / block_ranges_ / chunks_;
  const int64_t row = chunk * rows_;
  const int64_t rows = std::min(rows_, geometry_.out_height - row);
  load(image, row, rows, scratch);
  for (int64_t b = first; b < std::min(filters_.blocks(), first + range_); ++b) {
    block(image, row, rows, b, scratch);
  }
}

void Runner::load(int64_t image, int64_t row, int64_t rows, Scratch& scratch) const {
  scratch.chunk.load(image, group_, row, rows);
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const std::vector<int32_t>& factors = plan_.steps[i].pixel;
    if (!factors.empty()) scratch.chunk.sum_windows(factors, kernels_, scratch.pixel_terms[i]);
  }
}

void Runner::block(int64_t image, int64_t row, int64_t rows, int64_t b, Scratch& scratch) const {
  const int64_t pixels = rows * geometry_.out_width;
  const int64_t classes = static_cast<int64_t>(border_.classes.size());
  scratch.sums.resize(static_cast<size_t>(plan_.w_terms * plan_.x_terms * pixels * kFilters));
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    const std::vector<int32_t>& filter_term = filter_terms_[i];
    bitgemm::Product product;
    product.x = scratch.chunk.words() + step.x_plane * windows_.plane_words;
    product.x_plane = windows_.plane_words;
    product.window = windows_.window.data();
    product.tap = windows_.tap.data();
    product.pixels = pixels;
    product.k = filters_.words();
    product.w = filters_.block(b) + step.w_plane * filters_.plane_size();
    product.w_plane = filters_.plane_size();
    product.x_planes = step.x_planes;
    product.w_planes = step.w_planes;
    product.factor = step.factor;
    product.add = step.add;
    product.pixel_term = step.pixel.empty() ? nullptr : scratch.pixel_terms[i].data();
    product.filter_term =
        filter_term.empty() ? nullptr : filter_term.data() + b * classes * kFilters;
    product.pixel_class = border_.pixel_class.data() + row * geometry_.out_width;
    product.out = scratch.sums.data() + step.sum * pixels * kFilters;
    kernel_of(step.op, kernels_)(product);
  }
  scale(image, row, rows, b, scratch.sums.data());
}

void Runner::scale(int64_t image, int64_t row, int64_t rows, int64_t b, const int32_t* sums) const {
  const int64_t w_groups = w_.scales.size() / plan_.w_terms;
  const int64_t x_groups = x_.scales.size() / plan_.x_terms;
  const int64_t first = group_ * geometry_.group_filters() + b * kFilters;
  const int64_t valid = std::min<int64_t>(kFilters, geometry_.group_filters() - b * kFilters);
  std::array<real, kMostTerms * kFilters> w_scale{};
  for (int64_t f = 0; f < valid; ++f) {
    const real* of_filter = w_.scales.data() + (w_groups == 1 ? 0 : (first + f) * plan_.w_terms);
    for (int64_t n = 0; n < plan_.w_terms; ++n) {
      w_scale[static_cast<size_t>(n * kFilters + f)] = of_filter[n];
    }
  }
  // A dense product has a sample per row.
  const bool per_row = x_groups > 1 && geometry_.images == 1;
  const int64_t sample = x_groups == 1 ? 0 : per_row ? row : image;

  bitgemm::Epilogue epilogue;
  epilogue.sums = sums;
  epilogue.pixels = rows * geometry_.out_width;
  epilogue.w_terms = plan_.w_terms;
  epilogue.x_terms = plan_.x_terms;
  epilogue.w_scale = w_scale.data();
  epilogue.x_scale = x_.scales.data() + sample * plan_.x_terms;
  epilogue.x_scale_step = per_row ? plan_.x_terms : 0;
  epilogue.y_step = geometry_.filters;
  epilogue.y = y_.data() +
               (image * geometry_.out_height + row) * geometry_.out_width * geometry_.filters +
               first;
  epilogue.filters = static_cast<int>(valid);
  const bool single = plan_.w_terms == 1 && plan_.x_terms == 1;
  (single ? kernels_.scale : kernels_.combine)(epilogue);
}

}  // namespace

void run(const ScaledBits& x, const ScaledBits& w, const Geometry& geometry, std::string_view isa,
         Tensor& y) {
  const bitgemm::Kernels& kernels = require_kernels(isa);
  largest_integer(x.bits, w.bits, geometry);
  if (y.empty()) return;
  const Plan plan = make_plan(describe(x.bits), describe(w.bits));
  for (int64_t group = 0; group < geometry.options.groups; ++group) {
    Runner(plan, x, w, geometry, group, kernels, y)();
  }
}

}  // namespace fracbit::ops::bit_product
