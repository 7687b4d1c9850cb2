#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>

namespace fracbit {

/// Up to five extents, stored inline. Images are N, H, W, C; convolution weights Cout, KH, KW,
/// Cin/groups; dense weights out, in. A regular value. An empty shape (rank 0) has one element, a
/// scalar.
class Shape {
 public:
  static constexpr int kMaxRank = 5;

  Shape() = default;
  /// Throws ShapeError if there are more than five extents, one is negative, or the product
  /// overflows int64.
  Shape(std::initializer_list<int64_t> extents);
  explicit Shape(std::span<const int64_t> extents);

  int rank() const { return rank_; }
  int64_t size() const;
  /// Extent of an axis; negative axes count from the end. Throws ShapeError if there is no such
  /// axis.
  int64_t operator[](int axis) const;
  int64_t back() const { return (*this)[-1]; }
  std::span<const int64_t> extents() const { return {extents_.data(), static_cast<size_t>(rank_)}; }

  /// The same shape with one extent replaced.
  Shape with(int axis, int64_t extent) const;
  /// Elements per index of the first axis; 1 for rank 0.
  int64_t stride0() const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  int checked_axis(int axis) const;

  std::array<int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

/// "[8, 32, 32, 64]"
std::string to_string(const Shape& shape);
std::ostream& operator<<(std::ostream& out, const Shape& shape);

}  // namespace fracbit
