#include "fracbit/framework/forward_watch.h"

#include <utility>

#include "fracbit/framework/module.h"

namespace fracbit {

namespace {

thread_local ForwardWatch* current = nullptr;

}  // namespace

ForwardWatch::ForwardWatch(Visitor visitor)
    : visitor_(std::move(visitor)), outer_(std::exchange(current, this)) {}

ForwardWatch::~ForwardWatch() {
  current = outer_;
}

ForwardWatch::Call::Call(const std::string& child) : watch_(current) {
  if (watch_ != nullptr) watch_->path_.push_back(child);
}

ForwardWatch::Call::~Call() {
  if (watch_ != nullptr) watch_->path_.pop_back();
}

void ForwardWatch::Call::finish(const Variable& y) const {
  if (watch_ == nullptr) return;
  std::string path;
  for (const std::string& name : watch_->path_) path = join_path(path, name);
  watch_->visitor_(path, y);
}

}  // namespace fracbit
