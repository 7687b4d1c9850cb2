#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace fracbit::deploy {

/// What the numbers of an activation are between two ops.
enum class Form : uint8_t {
  floats = 0,    ///< float32
  codes = 1,     ///< unsigned integers q of 1 .. 8 bits, one plane each
  signs = 2,     ///< -1 or +1, one plane
  residual = 3,  ///< sum over n of scale_n mask_n sign_n, nested masks, two planes per term
  grid = 4,      ///< the same with integer scales: an int8 or int16 per element
};

/// One image of activations [height, width, channels].
struct Value {
  int64_t height = 1;
  int64_t width = 1;
  int64_t channels = 0;
  Form form = Form::floats;
  int bits = 32;                     ///< of a code; terms of a residual or a grid
  int32_t top = 0;                   ///< largest magnitude of a number, 0 for floats and residual
  std::vector<float> scales = {};    ///< residual: of each term
  std::vector<uint8_t> widths = {};  ///< residual: terms of each channel, if these say it

  int64_t size() const { return height * width * channels; }
  friend bool operator==(const Value&, const Value&) = default;
};

/// How weights are stored.
enum class Coding : uint8_t {
  float32 = 0,
  codes = 1,     ///< bipolar 2 q - (2^bits - 1); one bit: -1 and +1
  residual = 2,  ///< sum over n of scale_n mask_n sign_n; the mask of term 0 is full
  grid = 3,      ///< the same with integer scales
};

/// Which weights share a width under a mask.
enum class MaskUnit : uint8_t {
  element = 0,
  word = 1,    ///< 16 filters x 1 tap x 64 channels, cut at the edges
  filter = 2,  ///< one filter
};

/// Weights [filters, kernel_height, kernel_width, channels], channels of one group.
struct Weights {
  int64_t filters = 0;
  int64_t kernel_height = 1;
  int64_t kernel_width = 1;
  int64_t channels = 0;
  Coding coding = Coding::float32;
  int bits = 0;  ///< of a code, or terms
  MaskUnit unit = MaskUnit::element;
  std::vector<float> values = {};  ///< float32 only
  /// Otherwise planes as in a BitTensor: for each filter and tap a row of planes, 64 channels to a
  /// word, bits past the last channel 0. codes: plane p is bit p. residual, grid: planes 2n and
  /// 2n + 1 are sign (0 where the mask is 0) and mask of term n.
  std::vector<uint64_t> words = {};
  /// [1 or filters] times terms, one for codes and grid: value = scale times the integer. Empty for
  /// 1; codes and grid are empty where the sums are exact integers, of which D is one.
  std::vector<float> scales = {};
  std::vector<int16_t> levels = {};  ///< grid: [1 or filters][terms] integer scales

  int64_t taps() const { return kernel_height * kernel_width; }
  int64_t filter_size() const { return taps() * channels; }
  int64_t size() const { return filters * filter_size(); }
  int planes() const { return coding == Coding::codes ? bits : 2 * bits; }
  int64_t words_per_plane() const { return (channels + 63) / 64; }
  int64_t words_per_row() const { return planes() * words_per_plane(); }
  const uint64_t* row(int64_t filter, int64_t tap) const {
    return words.data() + (filter * taps() + tap) * words_per_row();
  }
  friend bool operator==(const Weights&, const Weights&) = default;
};

/// h, applied before the output is quantized.
enum class Activation : uint8_t { none = 0, relu = 1, clip01 = 2, cabs = 3, hard_tanh = 4 };

/// Which elements get many bits: those whose key exceeds the cut points (quantize/heuristic.h), or
/// those of some channels.
enum class Key : uint8_t { middle_out = 0, top_down = 1, bottom_up = 2, channel = 3 };

/// How a real y becomes an element of the next activation.
///   floats    h(y)
///   codes     floor(n h(y) + 1/2), n = 2^bits - 1, h = clip01 or cabs; value q / n
///   signs     +1 where y >= 0, else -1; value scales[0] times that
///   residual  E_0 = y; sign_n = sgn(E_n), E_(n+1) = E_n - scales[n] sign_n; the width is that of
///             the channel, or 1 plus the number of cuts below the key of y, whose mean is
///             scales[0]
///   grid      the same; value step sum over n of levels[n] mask_n sign_n
struct Output {
  Form form = Form::floats;
  Activation activation = Activation::none;
  int bits = 32;
  Key key = Key::middle_out;
  std::vector<float> scales = {};    ///< mu of each term
  std::vector<float> cuts = {};      ///< tau, terms - 1; none with Key::channel
  std::vector<uint8_t> widths = {};  ///< Key::channel: 1 .. terms, of each channel
  std::vector<int16_t> levels = {};  ///< grid: integer scale of each term

  friend bool operator==(const Output&, const Output&) = default;
};

/// A maximum over windows of size x size pixels that lie in the image; size 0: none.
struct Window {
  int64_t size = 0;
  int64_t stride = 0;
  bool before_norm = false;  ///< of the product, not of y

  friend bool operator==(const Window&, const Window&) = default;
};

/// Thresholds in place of norm and quantizer. With D' = -D where `descending`, else D, the code is
/// the number of j < count with D' > above[f count + j] or, for cabs, D' < below[f count + j].
/// Signs are +1 for the code 1. With L = largest_sum(), integers lie in [-L - 1, L + 1].
struct Thresholds {
  int count = 0;                              ///< largest code; 0: no thresholds
  std::vector<uint8_t> descending = {};       ///< [filters], 0 or 1
  std::vector<int32_t> above, below;          ///< [filters][count], of exact integers D
  std::vector<float> above_real, below_real;  ///< [filters][count], of float D

  friend bool operator==(const Thresholds&, const Thresholds&) = default;
};

/// Product, normalisation, pooling and the quantizer of the next layer's input:
///   D = sum of x w over the window (taps outside the image add nothing), plus bias
///   y = float(D) slope[f] + offset[f], maximum over windows before or after, then `output`
/// A dense layer is a kernel of the size of the image.
struct Block {
  Weights weights;
  int64_t stride = 1;
  int64_t padding_begin = 0;
  int64_t padding_end = 0;
  int64_t groups = 1;
  std::vector<float> bias = {};      ///< [filters], of float products; or empty
  std::vector<float> slope, offset;  ///< [filters], or empty: y = float(D)
  Thresholds thresholds;             ///< instead of slope and offset
  Window window;
  Output output;

  friend bool operator==(const Block&, const Block&) = default;
};

/// Pooling of floats; padding never wins a maximum and counts as 0 in a mean.
struct Pool {
  bool average = false;
  int64_t size = 2;
  int64_t stride = 2;
  int64_t padding_begin = 0;
  int64_t padding_end = 0;

  friend bool operator==(const Pool&, const Pool&) = default;
};

/// Mean over height and width.
struct GlobalMean {
  friend bool operator==(const GlobalMean&, const GlobalMean&) = default;
};

/// y = factor x
struct Scale {
  float factor = 1;

  friend bool operator==(const Scale&, const Scale&) = default;
};

/// y = (x - mean) slope + offset per channel.
struct Normalize {
  std::vector<float> mean, slope, offset;

  friend bool operator==(const Normalize&, const Normalize&) = default;
};

/// Output of floats: an activation, or the quantizer in front of a first layer.
struct Quantize {
  Output output;

  friend bool operator==(const Quantize&, const Quantize&) = default;
};

using Op = std::variant<Block, Pool, GlobalMean, Scale, Normalize, Quantize>;

/// A deployed network: images [height, width, channels] of floats in, class scores out.
struct Model {
  int64_t height = 1;
  int64_t width = 1;
  int64_t channels = 0;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< keys are unique
  std::vector<Op> ops;

  friend bool operator==(const Model&, const Model&) = default;
};

/// The input and what each op makes of it: ops.size() + 1 values. Checks everything that running
/// relies on: shapes, forms, sizes of all arrays, unused bits, finite numbers, exact sums in int32.
/// Throws ConfigError that names the op.
std::vector<Value> trace(const Model& model);

/// trace() one op at a time. Errors do not name the op.
class Tracer {
 public:
  /// Checks all but the ops.
  explicit Tracer(const Model& model);
  /// What the ops so far make of the input.
  const Value& value() const { return value_; }
  void add(const Op& op);
  /// After the last op.
  void finish() const;

 private:
  Value value_;
  int64_t work_ = 0;
};

/// Largest |D| of a block on x; 0 if its product is of floats.
int64_t largest_sum(const Block& block, const Value& x);

/// Whether the product of a block on x is one exact integer per output.
bool is_exact(const Block& block, const Value& x);

/// "block", "pool", "global mean", ...
const char* op_name(const Op& op);

}  // namespace fracbit::deploy
