#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/ops/bit_product/filters.h"
#include "fracbit/framework/ops/bit_product/geometry.h"
#include "fracbit/framework/ops/bit_product/inputs.h"
#include "fracbit/framework/ops/bit_product/plan.h"

namespace fracbit::kernels::bitgemm {
struct Kernels;
struct Output;
}  // namespace fracbit::kernels::bitgemm

namespace fracbit::kernels::lookup {
struct Kernels;
}

namespace fracbit::ops::bit_product {

/// One group of a product with its filters laid out for the kernels, in tasks of some output rows
/// of one image and some blocks of filters. With `lookup` (as lookup_kernels
/// says) sums come from tables.
class Group {
 public:
  Group(const Plan& plan, const BitTensor& x, const BitTensor& w, const Geometry& geometry,
        int64_t group, const kernels::bitgemm::Kernels& kernels, int64_t most_pixels,
        const kernels::lookup::Kernels* lookup);

  /// A task: output rows [row, row + rows) of an image, blocks [begin, end) of filters.
  struct Task {
    int64_t image, row, rows, begin, end;
    Chunk& chunk;                                          ///< the inputs of its rows
    const std::vector<std::vector<int32_t>>& pixel_terms;  ///< of each step
    const uint8_t* tables;                                 ///< of its inputs, for lookup
  };
  /// Calls body once for each task, in any order and on any thread.
  void for_each(const std::function<void(const Task&)>& body) const;

  /// The kernel call of one step for block b of a task. Where results go, and how (out, out_step,
  /// narrow), is the caller's.
  void sum(const Task& task, int64_t b, size_t step, kernels::bitgemm::Output output) const;

  int64_t block_filters() const { return filters_.block_filters(); }
  /// Filters that block b has.
  int64_t filters_of(int64_t b) const;
  /// The first output of block b of a task in an array [images, H', W', filters].
  int64_t first_output(const Task& task, int64_t b) const;

 private:
  void cut();
  void make_tables(const Chunk& chunk, std::vector<uint8_t>& tables) const;

  const Plan& plan_;
  const BitTensor& x_;
  const Geometry& geometry_;
  const kernels::bitgemm::Kernels& kernels_;
  int64_t group_;
  Filters filters_;
  Border border_;
  std::vector<int32_t>
      rows_of_terms_;  ///< of each output pixel: of its class in a block's filter terms
  int64_t rows_;       ///< output rows of a task
  Windows windows_;
  const kernels::lookup::Kernels* lookup_;
  Windows table_windows_;  ///< in words of one plane
  Buffer<uint8_t> index_;
  std::vector<std::vector<int32_t>> filter_terms_;  ///< of each step
  int64_t chunks_ = 0, block_ranges_ = 0, range_ = 0, grain_ = 0;
};

}  // namespace fracbit::ops::bit_product
