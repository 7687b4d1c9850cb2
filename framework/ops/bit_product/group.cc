#include "fracbit/framework/ops/bit_product/group.h"

#include <algorithm>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/kernels/lookup/lookup.h"
#include "fracbit/framework/ops/bit_product/kernels.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::bit_product {
namespace {

namespace bitgemm = kernels::bitgemm;
namespace lookup = kernels::lookup;
using bitgemm::kFilters;

constexpr int64_t kTaskWords = 1 << 16;  // word operations that are worth a task
constexpr int64_t kTasks = 16;           // wanted of a product; each of them reads its inputs
constexpr int64_t kTaskBytes = 1 << 14;  // inputs of a task stay in the first cache

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Output rows of a task: at most so many pixels, and no more than a few tiles of long windows.
int64_t rows_of_task(const Geometry& g, const BitTensor& x, int64_t most_pixels) {
  const int64_t step = g.options.stride * g.options.stride * x.words_per_row() * 8;
  const int64_t pixels = std::clamp<int64_t>(kTaskBytes / step, 64, most_pixels);
  return std::clamp<int64_t>(pixels / g.out_width, 1, g.out_height);
}

}  // namespace

Group::Group(const Plan& plan, const BitTensor& x, const BitTensor& w, const Geometry& geometry,
             int64_t group, const bitgemm::Kernels& kernels, int64_t most_pixels,
             const kernels::lookup::Kernels* lookup)
    : plan_(plan),
      x_(x),
      geometry_(geometry),
      kernels_(kernels),
      group_(group),
      filters_(w, geometry, group, lookup != nullptr ? lookup->filters : kFilters),
      border_(geometry),
      rows_(rows_of_task(geometry, x, most_pixels)),
      windows_(x.planes(), geometry, rows_),
      lookup_(lookup),
      table_windows_(1, geometry, rows_) {
  if (lookup_ != nullptr) index_ = filters_.index(plan_.steps[0], *lookup_);
  for (const Step& step : plan_.steps) {
    filter_terms_.push_back(filters_.terms(step, border_, geometry, kernels));
  }
  for (const int32_t c : border_.pixel_class) {
    rows_of_terms_.push_back(c * static_cast<int32_t>(block_filters()));
  }
  cut();
}

void Group::cut() {
  chunks_ = ceil_div(geometry_.out_height, rows_);
  const int64_t words = std::max<int64_t>(
      1, rows_ * geometry_.out_width * block_filters() * filters_.words() * plan_.passes());
  const int64_t wanted = ceil_div(kTasks, geometry_.images * chunks_);
  range_ = std::max(ceil_div(filters_.blocks(), wanted), ceil_div(kTaskWords, words));
  range_ = std::min(range_, filters_.blocks());
  block_ranges_ = ceil_div(filters_.blocks(), range_);
  grain_ = ceil_div(kTaskWords, words * range_);
}

void Group::for_each(const std::function<void(const Task&)>& body) const {
  const int64_t tasks = geometry_.images * chunks_ * block_ranges_;
  parallel_for(tasks, grain_, [&](int64_t begin, int64_t end) {
    Chunk chunk(x_, geometry_, windows_);
    std::vector<std::vector<int32_t>> pixel_terms(plan_.steps.size());
    std::vector<uint8_t> tables;
    for (int64_t at = begin; at < end; ++at) {
      const int64_t first = at % block_ranges_ * range_;
      const int64_t row = at / block_ranges_ % chunks_ * rows_;
      Task task{at / block_ranges_ / chunks_,
                row,
                std::min(rows_, geometry_.out_height - row),
                first,
                std::min(filters_.blocks(), first + range_),
                chunk,
                pixel_terms,
                nullptr};
      chunk.load(task.image, group_, row, task.rows);
      for (size_t i = 0; i < plan_.steps.size(); ++i) {
        const std::vector<int32_t>& factors = plan_.steps[i].pixel;
        if (!factors.empty()) chunk.sum_windows(factors, kernels_, pixel_terms[i]);
      }
      if (lookup_ != nullptr) {
        make_tables(chunk, tables);
        task.tables = tables.data();
      }
      body(task);
    }
  });
}

void Group::make_tables(const Chunk& chunk, std::vector<uint8_t>& tables) const {
  const Step& step = plan_.steps[0];
  lookup::Tables of{};
  of.x = chunk.words() + step.x_plane * windows_.plane_words;
  of.pixel = windows_.pixel_words;
  of.pixels = chunk.pixels();
  of.words = windows_.plane_words;
  of.planes = step.x_planes;
  of.signs = step.op == Op::signs;
  tables.resize(static_cast<size_t>(of.pixels * of.words * lookup::kTable));
  of.tables = tables.data();
  lookup_->tables(of);
}

int64_t Group::filters_of(int64_t b) const {
  return std::min(block_filters(), geometry_.group_filters() - b * block_filters());
}

int64_t Group::first_output(const Task& task, int64_t b) const {
  const int64_t pixel = (task.image * geometry_.out_height + task.row) * geometry_.out_width;
  return pixel * geometry_.filters + group_ * geometry_.group_filters() + b * block_filters();
}

void Group::sum(const Task& task, int64_t b, size_t i, bitgemm::Output output) const {
  const Step& step = plan_.steps[i];
  const std::vector<int32_t>& filter_term = filter_terms_[i];
  output.factor = step.factor;
  output.add = step.add;
  output.pixel_term = step.pixel.empty() ? nullptr : task.pixel_terms[i].data();
  const auto of_block = static_cast<int64_t>(filter_term.size()) / filters_.blocks();
  output.filter_term = filter_term.empty() ? nullptr : filter_term.data() + b * of_block;
  if (of_block > block_filters()) {
    output.pixel_class = rows_of_terms_.data() + task.row * geometry_.out_width;
  }
  output.filters = static_cast<int>(filters_of(b));

  if (lookup_ != nullptr) {
    lookup::Lookup product{};
    static_cast<bitgemm::Output&>(product) = output;
    product.tables = task.tables;
    product.window = table_windows_.window.data();
    product.tap = table_windows_.tap.data();
    product.pixels = task.rows * geometry_.out_width;
    product.k = filters_.words();
    product.w_plane = filters_.plane_size() * 16;
    product.w = index_.data() + b * step.w_planes * product.w_plane;
    product.x_planes = step.x_planes;
    product.w_planes = step.w_planes;
    lookup_->product(product);
    return;
  }
  bitgemm::Product product{};
  static_cast<bitgemm::Output&>(product) = output;
  product.x = task.chunk.words() + step.x_plane * windows_.plane_words;
  product.x_plane = windows_.plane_words;
  product.window = windows_.window.data();
  product.tap = windows_.tap.data();
  product.pixels = task.rows * geometry_.out_width;
  product.k = filters_.words();
  product.w = filters_.block(b) + step.w_plane * filters_.plane_size();
  product.w_plane = filters_.plane_size();
  product.x_planes = step.x_planes;
  product.w_planes = step.w_planes;
  kernel_of(step.op, kernels_)(product);
}

}  // namespace fracbit::ops::bit_product
