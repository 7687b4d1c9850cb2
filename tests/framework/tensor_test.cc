#include "fracbit/framework/tensor.h"

#include <cstdint>
#include <utility>

#include "fracbit/framework/error.h"
#include "support/catch.h"

using namespace fracbit;

TEST_CASE("a tensor is a regular value in an aligned buffer") {
  Tensor a = Tensor::from({2, 2}, {1, 2, 3, 4});
  CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % 64 == 0);
  Tensor b = a;
  b[0] = 9;
  CHECK(a[0] == 1);
  const Tensor c = std::move(b);
  CHECK(c[0] == 9);
  CHECK(b.empty());
  CHECK(c.reshaped({4}).shape() == Shape{4});
  CHECK_THROWS_AS(c.reshaped({3}), ShapeError);
  CHECK_THROWS_AS(Tensor::from({3}, {1, 2}), ShapeError);
}

TEST_CASE("freed buffers are used again") {
  release_pool();
  const real* first = nullptr;
  {
    const Tensor a = Tensor::zeros({1000, 1000});
    first = a.data();
  }
  CHECK(pool_use().cached > 0);
  const Tensor b = Tensor::zeros({1000, 1000});
  CHECK(b.data() == first);
}

TEST_CASE("buffers of other sizes use what freed ones have left") {
  release_pool();
  constexpr int64_t kMillion = 1 << 20;
  const int64_t before = pool_use().in_use + pool_use().cached;
  { const Tensor a = Tensor::zeros({8 * kMillion}); }
  const Tensor b = Tensor::zeros({3 * kMillion});
  Tensor c = Tensor::zeros({2 * kMillion});
  const Tensor d = Tensor::zeros({3 * kMillion});
  CHECK(b.data() + b.size() <= c.data());
  CHECK(c.data() + c.size() <= d.data());
  CHECK(pool_use().in_use + pool_use().cached - before == 32 * kMillion);
  c = Tensor();
  const Tensor e = Tensor::zeros({kMillion});
  const Tensor f = Tensor::zeros({kMillion});
  CHECK(b.data() + b.size() <= e.data());
  CHECK(e.data() + e.size() <= f.data());
  CHECK(f.data() + f.size() <= d.data());
  CHECK(pool_use().in_use + pool_use().cached - before == 32 * kMillion);
}
