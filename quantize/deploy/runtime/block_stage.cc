#include <algorithm>

#include "fracbit/quantize/deploy/runtime/epilogue.h"
#include "fracbit/quantize/deploy/runtime/product.h"
#include "fracbit/quantize/deploy/runtime/scratch.h"
#include "fracbit/quantize/deploy/runtime/stages.h"

namespace fracbit::deploy::runtime {
namespace {

/// Sums that a task makes before it turns them into results, so that they stay in cache.
constexpr int64_t kChunkSums = 1 << 14;
/// Tasks of one image, for the sake of latency.
constexpr int64_t kChunks = 8;
/// Images of a dense product that go through its weights together.
constexpr int64_t kDenseImages = 16;
/// Filters of a task of a dense product.
constexpr int64_t kDenseFilters = 64;

int64_t bytes_of(SumType type) {
  return type == SumType::int16 ? 2 : 4;
}

class BlockStage : public Stage {
 public:
  BlockStage(const Block& block, const Layout& in, const Layout& out, std::string_view isa)
      : Stage(in, out),
        product_(make_product(block, in, isa)),
        epilogue_(block, in.value, product_->type(), out, isa),
        window_(block.window) {
    const Frame& f = product_->frame();
    const int64_t sums = std::max<int64_t>(1, lines_of(1) * f.line_pixels() * f.filters);
    chunk_ = std::clamp<int64_t>(kChunkSums / sums, 1, ceil_div(out.value.height, kChunks));
  }

  std::string name() const override { return product_->name(); }

  int64_t scratch_bytes() const override {
    const int64_t lines = dense() ? kDenseImages : lines_of(chunk_);
    return sums_bytes(lines) +
           std::max(product_->scratch_bytes(lines), epilogue_.scratch_bytes(out().value.width));
  }

  void run(int64_t images, const std::byte* in, std::byte* out, const Executor& executor,
           MemoryPool& pool) const override {
    if (dense()) return run_dense(images, in, out, executor, pool);
    const int64_t chunks = ceil_div(this->out().value.height, chunk_);
    executor.run(images * chunks, [&](int64_t task) {
      const int64_t image = task / chunks;
      run_chunk(task % chunks * chunk_, in + image * this->in().bytes(),
                out + image * this->out().bytes(), pool);
    });
  }

 private:
  bool dense() const { return product_->frame().dense; }
  /// Lines of sums under that many rows of results.
  int64_t lines_of(int64_t rows) const {
    return window_.size == 0 ? rows : (rows - 1) * window_.stride + window_.size;
  }
  int64_t sums_bytes(int64_t lines) const {
    const Frame& f = product_->frame();
    return scratch_bytes_of<std::byte>(lines * f.line_pixels() * f.filters *
                                       bytes_of(product_->type()));
  }

  void run_chunk(int64_t row, const std::byte* in, std::byte* out, MemoryPool& pool) const;
  void run_dense(int64_t images, const std::byte* in, std::byte* out, const Executor& executor,
                 MemoryPool& pool) const;
  void finish(const void* sums, const Results& results, std::byte* scratch) const;

  std::unique_ptr<const Product> product_;
  Epilogue epilogue_;
  Window window_;
  int64_t chunk_ = 1;  ///< rows of results
};

void BlockStage::finish(const void* sums, const Results& results, std::byte* scratch) const {
  const int64_t row = product_->frame().line_pixels() * product_->frame().filters;
  switch (product_->type()) {
    case SumType::int16:
      return epilogue_.apply(Sums<int16_t>{static_cast<const int16_t*>(sums), row}, results,
                             scratch);
    case SumType::int32:
      return epilogue_.apply(Sums<int32_t>{static_cast<const int32_t*>(sums), row}, results,
                             scratch);
    case SumType::real:
      return epilogue_.apply(Sums<float>{static_cast<const float*>(sums), row}, results, scratch);
  }
}

void BlockStage::run_chunk(int64_t row, const std::byte* in, std::byte* out,
                           MemoryPool& pool) const {
  const Layout& layout = this->out();
  const int64_t rows = std::min(chunk_, layout.value.height - row);
  const int64_t step = window_.size == 0 ? 1 : window_.stride;
  const int64_t lines = lines_of(rows);
  const MemoryPool::Loan loan = pool.take(scratch_bytes());
  std::byte* scratch = loan.data() + sums_bytes(lines);
  product_->run({in, row * step, lines, 0, product_->frame().filters, loan.data(), scratch});
  const Results results{rows, layout.value.width, out + layout.origin() + row * layout.row_bytes(),
                        layout.row_bytes()};
  finish(loan.data(), results, scratch);
}

void BlockStage::run_dense(int64_t images, const std::byte* in, std::byte* out,
                           const Executor& executor, MemoryPool& pool) const {
  const Layout& layout = this->out();
  const int64_t filters = product_->frame().filters;
  for (int64_t first = 0; first < images; first += kDenseImages) {
    const int64_t some = std::min(kDenseImages, images - first);
    const MemoryPool::Loan sums = pool.take(scratch_bytes());
    executor.run(ceil_div(filters, kDenseFilters), [&](int64_t task) {
      const MemoryPool::Loan loan = pool.take(scratch_bytes());
      const int64_t begin = task * kDenseFilters;
      product_->run({in + first * this->in().bytes(), 0, some, begin,
                     std::min(filters, begin + kDenseFilters), sums.data(), loan.data()});
    });
    const Results results{some, 1, out + first * layout.bytes() + layout.origin(), layout.bytes()};
    finish(sums.data(), results, sums.data() + sums_bytes(kDenseImages));
  }
}

}  // namespace

std::unique_ptr<const Stage> make_block_stage(const Block& block, const Layout& in,
                                              const Layout& out, std::string_view isa) {
  return std::make_unique<BlockStage>(block, in, out, isa);
}

}  // namespace fracbit::deploy::runtime
