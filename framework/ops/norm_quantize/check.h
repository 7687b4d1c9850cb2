#pragma once

#include <type_traits>

#include "fracbit/framework/ops/norm_quantize.h"

namespace fracbit::ops {

/// The shape of the output. Throws what NormQuantize::forward throws.
Shape check_norm_quantize(const NormQuantizeInput& input, const Tensor& gamma, const Tensor& beta,
                          const Tensor& running_mean, const Tensor& running_var,
                          const NormQuantizeOptions& options, bool training);

/// 2x2 windows with stride 2 and no padding: those that the passes read themselves.
inline bool is_plain(const PoolOptions& pool) {
  return pool.kernel == 2 && pool.stride == 2 && pool.padding_begin == 0 && pool.padding_end == 0;
}

inline const Shape& shape_of(const std::variant<Tensor, IntTensor>& d) {
  return std::visit([](const auto& tensor) -> const Shape& { return tensor.shape(); }, d);
}

/// The first number of d, which holds numbers of type T.
template <typename T>
const T* numbers(const std::variant<Tensor, IntTensor>& d) {
  if constexpr (std::is_same_v<T, real>) {
    return std::get<Tensor>(d).data();
  } else {
    return std::get<IntTensor>(d).template data<T>();
  }
}

/// f(first number, shape), with int16_t, int32_t or real numbers.
template <typename F>
auto visit_numbers(const std::variant<Tensor, IntTensor>& d, F f) {
  if (const auto* reals = std::get_if<Tensor>(&d)) return f(reals->data(), reals->shape());
  const auto& ints = std::get<IntTensor>(d);
  if (ints.width() == IntWidth::int16) return f(ints.data<int16_t>(), ints.shape());
  return f(ints.data<int32_t>(), ints.shape());
}

}  // namespace fracbit::ops
