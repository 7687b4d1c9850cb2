#include "fracbit/framework/tensor.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <new>
#include <unordered_map>
#include <utility>

#include "fracbit/framework/buffer.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/large_buffers.h"
#include "fracbit/framework/spin_lock.h"

namespace fracbit {
namespace {

constexpr size_t kAlignment = 64;
constexpr auto kRealBytes = static_cast<int64_t>(sizeof(real));

/// Small buffers in free lists by their size; large ones share regions, and huge ones others:
/// smaller ones would take from the room of a huge one that comes again in each step.
class Pool {
 public:
  /// Never destroyed: tensors with static storage may outlive any static object.
  static Pool& instance() {
    static Pool* pool = new Pool;
    return *pool;
  }

  void* take(int64_t wanted) {
    const size_t bytes = rounded(wanted);
    std::lock_guard lock(lock_);
    void* buffer = bytes >= kLarge ? take_shared(bytes) : take_small(bytes);
    use_.in_use += static_cast<int64_t>(bytes);
    use_.peak = std::max(use_.peak, use_.in_use);
    return buffer;
  }

  void give_back(void* buffer, int64_t taken) noexcept {
    const size_t bytes = rounded(taken);
    std::lock_guard lock(lock_);
    use_.in_use -= static_cast<int64_t>(bytes);
    if (bytes >= kLarge) return shared(bytes).give_back(buffer, bytes);
    try {
      free_[bytes].push_back(buffer);
      use_.cached += static_cast<int64_t>(bytes);
    } catch (const std::bad_alloc&) {
      ::operator delete(buffer, std::align_val_t(kAlignment));
    }
  }

  PoolUse use() {
    std::lock_guard lock(lock_);
    PoolUse all = use_;
    all.cached += large_.cached() + huge_.cached();
    return all;
  }

  void release() {
    std::lock_guard lock(lock_);
    release_all();
  }

 private:
  static constexpr size_t kLarge = size_t{1} << 20;
  static constexpr size_t kHuge = size_t{1} << 26;

  LargeBuffers& shared(size_t bytes) { return bytes >= kHuge ? huge_ : large_; }

  static size_t rounded(int64_t wanted) {
    const size_t bytes = static_cast<size_t>(wanted);
    const size_t step = bytes < kLarge ? kAlignment : LargeBuffers::kUnit;
    return (bytes + step - 1) / step * step;
  }

  void* take_shared(size_t bytes) {
    try {
      return shared(bytes).take(bytes);
    } catch (const std::bad_alloc&) {
      release_all();
      return shared(bytes).take(bytes);
    }
  }

  void* take_small(size_t bytes) {
    auto& free = free_[bytes];
    if (!free.empty()) {
      void* buffer = free.back();
      free.pop_back();
      use_.cached -= static_cast<int64_t>(bytes);
      return buffer;
    }
    void* buffer = ::operator new(bytes, std::align_val_t(kAlignment), std::nothrow);
    if (buffer == nullptr) {
      release_all();
      buffer = ::operator new(bytes, std::align_val_t(kAlignment));
    }
    return buffer;
  }

  void release_all() {
    large_.release();
    huge_.release();
    for (auto& [bytes, list] : free_) {
      for (void* buffer : list) ::operator delete(buffer, std::align_val_t(kAlignment));
      use_.cached -= static_cast<int64_t>(bytes * list.size());
      list.clear();
    }
  }

  SpinLock lock_;
  std::unordered_map<size_t, std::vector<void*>> free_;
  LargeBuffers large_, huge_;
  PoolUse use_;  ///< cached: of small buffers
};

}  // namespace

void* pool_take(int64_t bytes) {
  return Pool::instance().take(bytes);
}

void pool_give_back(void* buffer, int64_t bytes) noexcept {
  Pool::instance().give_back(buffer, bytes);
}

Tensor Tensor::uninitialized(const Shape& shape) {
  if (shape.size() > std::numeric_limits<int64_t>::max() / 16) throw std::bad_alloc();
  Tensor tensor;
  tensor.shape_ = shape;
  tensor.size_ = shape.size();
  if (tensor.size_ > 0) {
    tensor.data_ = static_cast<real*>(pool_take(tensor.size_ * kRealBytes));
  }
  return tensor;
}

Tensor Tensor::full(const Shape& shape, real value) {
  Tensor tensor = uninitialized(shape);
  tensor.fill(value);
  return tensor;
}

Tensor Tensor::from(const Shape& shape, std::span<const real> values) {
  if (shape.size() != static_cast<int64_t>(values.size())) {
    throw ShapeError("[tensor] " + std::to_string(values.size()) + " values for shape " +
                     to_string(shape));
  }
  Tensor tensor = uninitialized(shape);
  std::copy(values.begin(), values.end(), tensor.data_);
  return tensor;
}

Tensor Tensor::from(const Shape& shape, std::initializer_list<real> values) {
  return from(shape, std::span<const real>(values.begin(), values.size()));
}

Tensor::Tensor(const Tensor& other) : Tensor(uninitialized(other.shape_)) {
  std::copy_n(other.data_, size_, data_);
}

Tensor::Tensor(Tensor&& other) noexcept {
  *this = std::move(other);
}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this != &other) *this = Tensor(other);
  return *this;
}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  if (this == &other) return *this;
  if (data_ != nullptr) pool_give_back(data_, size_ * kRealBytes);
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  shape_ = std::exchange(other.shape_, Shape{0});
  return *this;
}

Tensor::~Tensor() {
  if (data_ != nullptr) pool_give_back(data_, size_ * kRealBytes);
}

void Tensor::fill(real value) {
  std::fill_n(data_, size_, value);
}

Tensor Tensor::reshaped(const Shape& shape) const& {
  return Tensor(*this).reshaped(shape);
}

Tensor Tensor::reshaped(const Shape& shape) && {
  if (shape.size() != size_) {
    throw ShapeError("[reshape] cannot turn " + to_string(shape_) + " into " + to_string(shape));
  }
  shape_ = shape;
  return std::move(*this);
}

void require_same_shape(const char* op, const Tensor& expected, const Tensor& got) {
  if (expected.shape() == got.shape()) return;
  throw ShapeError("[" + std::string(op) + "] expects shape " + to_string(expected.shape()) +
                   ", got " + to_string(got.shape()));
}

PoolUse pool_use() {
  return Pool::instance().use();
}
void release_pool() {
  Pool::instance().release();
}

}  // namespace fracbit
