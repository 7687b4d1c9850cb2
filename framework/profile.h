#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "fracbit/framework/shape.h"

namespace fracbit {

/// What a training step does in a layer.
enum class Phase { forward, input_gradient, weight_gradient, norm, optimizer, data };
inline constexpr int kPhases = 6;
/// "forward", "input gradient", ...
const char* phase_name(Phase phase);

/// What is to be done, whatever the way: multiply-accumulates, and bytes if each operand and result
/// passes memory once.
struct Work {
  double macs = 0;
  double bytes = 0;
};
/// Of a product of floats or one of its gradients: x and w to y, w [F, ...].
Work product_work(const Shape& x, const Shape& w, const Shape& y);
/// Of passes over that many floats.
Work memory_work(double floats);

/// While one lives, charges the wall time of this thread to layers and phases: every moment to the
/// innermost Layer and the innermost Span that are open. Without one, either costs a comparison.
/// One Profile inside another takes its place.
class Profile {
 public:
  struct Cost {
    double seconds = 0;
    Work work;
  };
  struct Row {
    std::string layer;  ///< path from the module that was called; empty: outside of all layers
    std::array<Cost, kPhases> phases = {};
  };

  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// In the order in which layers were met.
  const std::vector<Row>& rows();

  /// The row of the layer that is open, for Layer in the backward pass; 0: none.
  static uint32_t layer();
  /// More work of the open layer and phase.
  static void note(const Work& work);

  /// A layer is at work: a child of the one that is open, or the one of a row.
  class Layer {
   public:
    explicit Layer(const std::string& child);
    explicit Layer(uint32_t row);
    ~Layer();
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;

   private:
    Profile* profile_;
    uint32_t before_ = 0;
  };

  /// A phase of the open layer.
  class Span {
   public:
    explicit Span(Phase phase, const Work& work = {});
    ~Span();
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;

   private:
    Profile* profile_;
    Phase before_ = Phase::forward;
  };

 private:
  using Clock = std::chrono::steady_clock;

  void charge();
  Cost& cost() { return rows_[open_].phases[static_cast<size_t>(phase_)]; }
  uint32_t row(const std::string& layer);

  std::vector<Row> rows_{1};
  std::unordered_map<std::string, uint32_t> numbers_{{"", 0}};
  uint32_t open_ = 0;
  Phase phase_ = Phase::forward;
  Clock::time_point since_ = Clock::now();
  Profile* outer_;
};

/// What `body` returns, its time spent on a phase.
template <typename Body>
auto profiled(Phase phase, const Work& work, const Body& body) {
  const Profile::Span span(phase, work);
  return body();
}

}  // namespace fracbit
