#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/batch_norm.h"
#include "fracbit/framework/ops/channels.h"
#include "fracbit/framework/ops/gradient_rows.h"
#include "fracbit/framework/ops/make_pixels.h"
#include "fracbit/framework/ops/pool.h"
#include "fracbit/framework/random.h"

namespace fracbit::ops {

/// What follows the normalisation of a block, h(y), and its gradient window w(y).
enum class BlockActivation {
  identity,  ///< y; 1, or that of NormQuantizeOptions::window
  relu,      ///< max(0, y); 1[y > 0]
  clip01,    ///< min(1, max(0, y)); 1[0 <= y <= 1]
  cabs,      ///< min(1, |y|); sign(y) 1[0 < |y| < 1]
  sign,      ///< +1 for y >= 0, else -1; 1[|y| <= 1]
};

/// Settings of what stands between the product of one block and that of the next.
struct NormQuantizeOptions {
  BatchNormOptions norm = {};
  std::optional<PoolOptions> pool = {};  ///< a max pool, or none
  bool pool_first = false;               ///< pool, then normalise; otherwise normalise, then pool
  BlockActivation activation = BlockActivation::identity;
  /// Of the output codes: 1 .. 8 for clip01 and cabs, 1 for sign; 32: floats h(y), not for sign.
  int bits = 32;
  /// Of an identity: w(y) = 1[|y| <= window].
  real window = std::numeric_limits<real>::infinity();
};

/// What enters: x = a D.
struct NormQuantizeInput {
  std::variant<Tensor, IntTensor> d;     ///< [N, H, W, C], or [N, ..., C] where nothing is pooled
  Tensor scales = Tensor::full({1}, 1);  ///< a, [1] or [C]
  /// A Tensor d holds whole numbers, |D| < 2^31: mean and variance come from exact sums, and all
  /// results have the bits that the same numbers give in an IntTensor. (The integers of an
  /// IntTensor are never the lowest of their width.)
  bool whole = false;
  /// |D| <= most; 0: not known. A small bound makes the statistics of int16 faster.
  int64_t most = 0;
  /// Those of a Tensor d, where they are known; the statistics without a pool first.
  std::optional<ChannelMoments> moments = {};
};

/// Gradient codes to make of the gradient of D: 1 .. 8 bits, noise of element i is noise.noise(i).
struct GradientBits {
  int bits;
  Random noise;
};

struct NormQuantizeResult;
class NormQuantizeGradient;

/// Batch normalisation, max pool, activation and quantizer of a block in one, over integers or
/// floats.
///
/// Formula  y = D s[c] + t[c], one product and one sum in `real`, with
///            s = gamma a / deviation, t = beta - mean gamma / deviation, rounded once from double,
///          mean and deviation = sqrt(var + eps) those of x = a D: of the batch in training (biased
///          variance; running statistics move as in batch_norm), the running ones in evaluation.
///          Codes are floor((2^bits - 1) h(y) + 1/2), with scale 1 / (2^bits - 1); sign gives
///          bipolar bits with scale 1; no bits gives floats h(y). Codes of integers are found by
///          integer thresholds that were searched over this very expression, so they are its bits.
/// Pool     after the normalisation: y of the first largest D (smallest where s < 0) of the window;
///          before: D becomes the first largest D of the window, and the statistics are those after
///          the pool.
/// Order    sums of gradients are made by fixed blocks: the same bits for any number of threads and
///          on every instruction set.
class NormQuantize {
 public:
  using Output = std::variant<Tensor, ScaledBits>;

  /// Shapes   gamma, beta, running_mean, running_var [C]
  /// Throws   ShapeError if shapes do not fit or training sees fewer than two values per channel;
  ///          ConfigError if an option is out of range
  static NormQuantizeResult forward(NormQuantizeInput input, const Tensor& gamma,
                                    const Tensor& beta, Tensor& running_mean, Tensor& running_var,
                                    const NormQuantizeOptions& options, bool training);

  struct Gradients {
    /// With respect to x = a D, of the shape of d: floats, or codes of the gradient quantizer.
    std::variant<Tensor, GradientCodes> x;
    Tensor gamma;
    Tensor beta;
  };

  /// From the gradient of the output's values: through the window of h (none of it reaches the
  /// quantizer's steps: straight-through), the pool to the first largest D, and the normalisation.
  /// Codes are those of quantize::GradientQuantizer on the float gradient, to the bit.
  /// Consumes what forward kept; floats D and `dout` are overwritten where that saves memory.
  ///
  /// Shapes   dout like the output; throws ShapeError otherwise, ConfigError for gradient bits
  ///          outside 1 .. 8
  Gradients backward(Tensor dout, const std::optional<GradientBits>& codes) &&;
  /// The output once more; only before backward() or gradient(). `again` makes the pixels of a
  /// forgotten D.
  Output output(const MakePixels& again = {}) const;
  /// The same as backward(), with the gradient of D still to be made, in the form asked for.
  NormQuantizeGradient gradient(Tensor dout, MakePixels again = {}) &&;
  /// Whether D can be made again: reals that no pool was a pass of its own over.
  bool can_forget() const;
  /// Lets go of D, so that it has to be made again; not before backward().
  void forget();

 private:
  friend class NormQuantizeGradient;
  using Data = std::variant<Tensor, IntTensor>;

  void find_statistics(const NormQuantizeInput& input, Tensor& running_mean, Tensor& running_var);
  void find_expression(const Tensor& beta);
  Tensor centres() const;

  Data d_;
  Shape shape_{0};  ///< of D, also when it is forgotten
  Data pooled_;     ///< D after the pool, if that was a pass of its own
  bool has_pooled_ = false;
  Shape output_{0};
  NormQuantizeOptions options_;
  bool training_ = false;
  std::vector<double> mean_;               ///< of x
  std::vector<double> inverse_deviation_;  ///< of x
  Tensor a_;                               ///< [C]
  Tensor gamma_;
  Tensor scale_;  ///< s
  Tensor shift_;  ///< t
};

/// The output, and what its gradient needs.
struct NormQuantizeResult {
  NormQuantize::Output output;
  NormQuantize state;
};

/// The gradients of gamma and beta, and what makes that of D.
class NormQuantizeGradient {
 public:
  Tensor gamma, beta;

  /// The gradient with respect to x = a D, in memory that was D's or the output's gradient's.
  Tensor floats() &&;
  /// Its codes. Throws ConfigError for bits outside 1 .. 8.
  GradientCodes codes(const GradientBits& bits) const;
  /// Its rows as they are asked for, where D is [N, H, W, C]. They refer to this object.
  GradientRows rows() const;

 private:
  friend class NormQuantize;
  NormQuantizeGradient(NormQuantize&& of, Tensor dout, MakePixels again);

  void find_map(const std::vector<double>& sums);
  template <typename F>
  auto with_images(F f) const;
  Tensor room();

  NormQuantize of_;
  MakePixels again_;  ///< or null, where D is in memory
  Tensor dout_;
  Tensor a_, b_, c_;  ///< g = A dy + (B D + C), per channel
};

}  // namespace fracbit::ops
