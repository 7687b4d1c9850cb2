#include "fracbit/framework/profile.h"

#include <utility>

#include "fracbit/framework/module.h"
#include "fracbit/framework/real.h"

namespace fracbit {
namespace {

thread_local Profile* current = nullptr;

}  // namespace

const char* phase_name(Phase phase) {
  constexpr const char* kNames[kPhases] = {"forward", "input gradient", "weight gradient",
                                           "norm",    "optimizer",      "data"};
  return kNames[static_cast<int>(phase)];
}

Work memory_work(double floats) {
  return {0, sizeof(real) * floats};
}

Work product_work(const Shape& x, const Shape& w, const Shape& y) {
  Work work = memory_work(static_cast<double>(x.size() + w.size() + y.size()));
  work.macs = static_cast<double>(y.size()) * static_cast<double>(w.stride0());
  return work;
}

Profile::Profile() : outer_(std::exchange(current, this)) {}

Profile::~Profile() {
  current = outer_;
}

const std::vector<Profile::Row>& Profile::rows() {
  charge();
  return rows_;
}

uint32_t Profile::layer() {
  return current == nullptr ? 0 : current->open_;
}

void Profile::note(const Work& work) {
  if (current == nullptr) return;
  Work& sum = current->cost().work;
  sum.macs += work.macs;
  sum.bytes += work.bytes;
}

void Profile::charge() {
  const Clock::time_point now = Clock::now();
  const std::chrono::duration<double> passed = now - std::exchange(since_, now);
  cost().seconds += passed.count();
}

uint32_t Profile::row(const std::string& layer) {
  const auto [found, added] = numbers_.emplace(layer, static_cast<uint32_t>(rows_.size()));
  if (added) rows_.push_back({layer});
  return found->second;
}

Profile::Layer::Layer(const std::string& child) : profile_(current) {
  if (profile_ == nullptr) return;
  profile_->charge();
  const std::string path = join_path(profile_->rows_[profile_->open_].layer, child);
  before_ = std::exchange(profile_->open_, profile_->row(path));
}

// A graph that was made before this profile names rows that it may not have.
Profile::Layer::Layer(uint32_t row) : profile_(current) {
  if (profile_ == nullptr) return;
  profile_->charge();
  before_ = std::exchange(profile_->open_, row < profile_->rows_.size() ? row : 0);
}

Profile::Layer::~Layer() {
  if (profile_ == nullptr) return;
  profile_->charge();
  profile_->open_ = before_;
}

Profile::Span::Span(Phase phase, const Work& work) : profile_(current) {
  if (profile_ == nullptr) return;
  profile_->charge();
  before_ = std::exchange(profile_->phase_, phase);
  note(work);
}

Profile::Span::~Span() {
  if (profile_ == nullptr) return;
  profile_->charge();
  profile_->phase_ = before_;
}

}  // namespace fracbit
