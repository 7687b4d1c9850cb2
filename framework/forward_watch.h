#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fracbit/framework/variable.h"

namespace fracbit {

/// While one lives, sees the output of every child module that this thread calls, inner modules
/// before those that contain them. One inside another takes its place.
class ForwardWatch {
 public:
  /// `path` counts from the module that was called from outside.
  using Visitor = std::function<void(const std::string& path, const Variable& y)>;

  explicit ForwardWatch(Visitor visitor);
  ~ForwardWatch();
  ForwardWatch(const ForwardWatch&) = delete;
  ForwardWatch& operator=(const ForwardWatch&) = delete;

  /// The call of one child, for Module: its name is part of the path while this lives.
  class Call {
   public:
    explicit Call(const std::string& child);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    void finish(const Variable& y) const;

   private:
    ForwardWatch* watch_;
  };

 private:
  Visitor visitor_;
  std::vector<std::string> path_;
  ForwardWatch* outer_;
};

}  // namespace fracbit
