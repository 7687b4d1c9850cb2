#pragma once

#include <memory>
#include <span>
#include <vector>

#include "fracbit/quantize/activation_mask.h"
#include "fracbit/quantize/bit_shares.h"
#include "fracbit/quantize/granularity.h"
#include "fracbit/quantize/heuristic.h"
#include "fracbit/quantize/quantizer.h"
#include "fracbit/quantize/residual.h"
#include "fracbit/quantize/widths.h"

namespace fracbit::quantize {

/// Residual codes of the given widths, under masks that Algorithm 1 makes from the values: the
/// weights of heterogeneous bitwidth networks.
///
/// Formula  E_0 = w; mu_n = mean |E_(n-1)| over elements of width >= n, E_n = E_(n-1) - mu_n
///          sgn(E_(n-1)) there; value = sum over n <= M_j of mu_n sgn(E_(n-1))
/// Mask     elements sorted by the heuristic's key (ties by index); widths 1, 2, 3 by their shares.
///          With a granularity of blocks these are sorted, by their mean key, and have one width
/// Scope    mean, mask and scales over the layer, or per filter (axis 0); masks of blocks are over
///          the layer
/// Levels   residual planes, or the integers of a level grid of range `grid` (level_grid.h; 0:
///          none); bipolar codes if all elements have one bit
/// Gradient 1 inside the window; masks and scales held constant
/// State    the mask and its age if it is kept for several steps; the random permutation's key
/// Paper    Fromm et al. 2018, eq. 5, 6 and Algorithm 1
class HbnnWeights : public Quantizer {
 public:
  struct Options {
    BitShares shares;
    Heuristic heuristic = Heuristic::middle_out;
    bool per_filter = false;
    int mask_refresh = 1;  ///< training steps between new masks; 1 or more
    Window window = Window::unit;
    int grid = 0;
    Granularity granularity = Granularity::parameter;
  };
  explicit HbnnWeights(const Options& options);

  ScaledLevels simulate(const Tensor& w, Mode mode) override;
  ScaledBits encode(const Tensor& w, Mode mode) override;
  ScaledInts encode_ints(const Tensor& w, Mode mode) override;
  deploy::StoredWeights stored_weights(const Tensor& w) override;
  int grid() const override { return terms_ == 1 ? 1 : options_.grid; }
  Tensor backward(const Tensor& w, Tensor dy) const override;
  bool whole_levels() const override { return grid() > 0; }
  double bits() const override { return average_bits(options_.shares); }
  double measured_bits() const override;
  int max_levels() const override { return (1 << (terms_ + 1)) - 2; }
  double stored_bits() const override { return bits() + (terms_ - 1) * masks_per_element_; }
  int64_t stored_scales(int64_t filters) const override;
  void prepare(const Shape& shape) override;
  std::vector<State> state() override;
  void set_random(uint64_t seed, uint32_t stream, uint64_t step) override;

  /// Widths of the last forward, flat; empty if all are 1.
  std::span<const uint8_t> mask() const { return widths_; }

 private:
  int64_t groups_of(const Tensor& w) const;
  /// Makes or keeps the mask, then the scales [groups, terms].
  Tensor fit(const Tensor& w, Mode mode);
  void update_mask(const Tensor& w, const Tensor& means, Mode mode);
  void draw_mask(const Tensor& w, const Tensor& means);
  void draw_unit_mask(const Tensor& w, const Tensor& means);

  Options options_;
  int terms_;
  double masks_per_element_ = 1;  ///< units of the granularity, of the prepared shape
  std::vector<uint8_t> widths_;
  Tensor kept_mask_;                      ///< widths_ as reals, if kept for several steps
  Tensor mask_age_ = Tensor::zeros({1});  ///< training steps since it was made; 0: due
  Permutation permutation_;
  Tensor drawn_from_;  ///< key of the permutation that widths_ is of
};

/// The same for activations, with masks that are fixed functions in inference.
///
/// Train    s = mean |x| over the batch; the mask from x, s and its running state
///          (activation_mask.h); mu_n as above. Those of the batch are used, and move the running
///          ones: v = 0.9 v + 0.1 v_batch, the first batch sets them
/// Infer    the same formulas with the running values, so that every element is mapped by one fixed
///          function of its value (and of its channel); before the first batch with those of x
/// State    mu [terms] (s is mu_1), batches; of the mask: threshold tau [terms - 1] (the lowest
///          or largest number where a width is empty) or a permutation's key; channel magnitude
///          [C], mask [C], mask_epoch and, if random, the key
/// Throws   ShapeError for another number of channels than the mask has
/// Levels, gradient, paper as above; spec 3.7, modes `threshold` and `channel`
class HbnnActivations : public Quantizer {
 public:
  explicit HbnnActivations(const BitShares& shares, Heuristic heuristic = Heuristic::middle_out,
                           Window window = Window::unit, int grid = 0,
                           MaskMode mode = MaskMode::threshold);

  ScaledLevels simulate(const Tensor& x, Mode mode) override;
  ScaledBits encode(const Tensor& x, Mode mode) override;
  ScaledInts encode_ints(const Tensor& x, Mode mode) override;
  deploy::StoredOutput stored_output() const override;
  int grid() const override { return terms_ == 1 ? 1 : grid_; }
  Tensor backward(const Tensor& x, Tensor dy) const override;
  std::optional<real> window() const override;
  bool whole_levels() const override { return grid() > 0; }
  double bits() const override { return average_bits(shares_); }
  int max_levels() const override { return (1 << (terms_ + 1)) - 2; }
  void prepare(const Shape& shape) override;
  std::vector<State> state() override;
  void set_random(uint64_t seed, uint32_t stream, uint64_t step) override;
  void set_epoch(int64_t epoch, int64_t epochs) override;

 private:
  /// Sets mu_ and the mask.
  void fit(const Tensor& x, Mode mode);
  /// The mask of the last fit.
  std::unique_ptr<Widths> widths() const;

  BitShares shares_;
  Window window_;
  int grid_;
  int terms_;
  std::unique_ptr<ActivationMask> mask_;  ///< null: one bit everywhere
  Tensor running_;                        ///< mu
  Tensor batches_ = Tensor::zeros({1});
  Tensor mu_;
};

}  // namespace fracbit::quantize
