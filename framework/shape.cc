#include "fracbit/framework/shape.h"

#include <limits>
#include <ostream>

#include "fracbit/framework/error.h"

namespace fracbit {

Shape::Shape(std::initializer_list<int64_t> extents)
    : Shape(std::span<const int64_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const int64_t> extents) {
  if (extents.size() > kMaxRank) {
    throw ShapeError("[shape] at most 5 axes, got " + std::to_string(extents.size()));
  }
  int64_t product = 1;
  for (int64_t extent : extents) {
    if (extent < 0) throw ShapeError("[shape] negative extent " + std::to_string(extent));
    if (extent > 0 && product > std::numeric_limits<int64_t>::max() / extent) {
      throw ShapeError("[shape] more elements than 64 bits can count");
    }
    product *= extent;
    extents_[static_cast<size_t>(rank_++)] = extent;
  }
}

int64_t Shape::size() const {
  int64_t product = 1;
  for (int64_t extent : extents()) product *= extent;
  return product;
}

int Shape::checked_axis(int axis) const {
  const int index = axis < 0 ? axis + rank_ : axis;
  if (index < 0 || index >= rank_) {
    throw ShapeError("[shape] no axis " + std::to_string(axis) + " in " + to_string(*this));
  }
  return index;
}

int64_t Shape::operator[](int axis) const {
  return extents_[static_cast<size_t>(checked_axis(axis))];
}

Shape Shape::with(int axis, int64_t extent) const {
  std::array<int64_t, kMaxRank> extents = extents_;
  extents[static_cast<size_t>(checked_axis(axis))] = extent;
  return Shape(std::span<const int64_t>(extents.data(), static_cast<size_t>(rank_)));
}

int64_t Shape::stride0() const {
  int64_t product = 1;
  for (int axis = 1; axis < rank_; ++axis) product *= extents_[static_cast<size_t>(axis)];
  return product;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int64_t extent : shape.extents()) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(extent);
  }
  return text + "]";
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  return out << to_string(shape);
}

}  // namespace fracbit
