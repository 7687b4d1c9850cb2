#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fracbit/layers/block.h"
#include "fracbit/layers/sequential.h"
#include "fracbit/models/models.h"

namespace fracbit::models {

/// Assembles a plain network of layers::Block, in the order of its scheme (spec 1.7, 2.2, 3.7):
///   float, DoReFa, weights only   product -> batch norm -> pool -> activation
///   centred +-1 inputs            product -> pool -> batch norm -> binarize
/// A block quantizes its output if the next layer has quantized inputs; else it ends in the
/// activation of the scheme. The first and the last layer are float unless the spec asks otherwise.
/// Inner layers have no bias.
class Blocks {
 public:
  explicit Blocks(const Spec& spec);

  struct Conv {
    int64_t out = 0;
    int64_t kernel = 3;
    int64_t stride = 1;
    int64_t pool = 0;          ///< window of a max pool; 0: none
    int64_t pool_stride = 0;   ///< 0: that of the window
    int64_t pool_padding = 0;  ///< on all sides
    int64_t padding = layers::kSame;
  };
  Blocks& conv(const Conv& block);
  /// A depthwise 3x3 convolution, SAME. Its weights and inputs are float in every scheme (spec 4).
  Blocks& depthwise(int64_t stride);
  /// Two 3x3 convolutions, the first with the stride, around which x goes unchanged or, where the
  /// shape changes, through a 1x1 convolution; then the activation. All three are quantized; each
  /// quantizes its own inputs, and the sums that go around stay float and without activation where
  /// the next layer quantizes them.
  Blocks& residual(int64_t out, int64_t stride);
  /// Flattens images first. `dropout` comes before it in a float network.
  Blocks& dense(int64_t out, double dropout = 0);
  /// The last layer: dense, dense after the mean over all positions, or a 3x3 convolution before
  /// that mean.
  std::shared_ptr<Module> dense_classifier(bool bias);
  std::shared_ptr<Module> mean_dense_classifier();
  std::shared_ptr<Module> conv_classifier();

 private:
  /// What a layer wants of the block before it.
  enum class Input { activated, quantized, raw };

  bool quantizes(bool last) const;
  bool float_inputs() const { return spec_.quant.act_bits >= 32; }
  bool pools_first() const;
  void add(const std::string& name, std::shared_ptr<Module> layer);
  std::string numbered(const char* name) const { return name + std::to_string(number_); }
  /// Opens a block; its output is settled when the next layer is known.
  void open(const char* name, layers::Block::Spec block);
  /// `activation`: that of an activated output; empty: the scheme's.
  void close(Input next, std::string_view activation = {});
  void flatten();
  /// One convolution of a residual block with its batch norm, in floats up to `activation`.
  std::shared_ptr<Module> branch(const layers::Block::Spec& conv) const;
  /// Closes the last block and counts the classifier in; whether it is quantized.
  bool begin_classifier();
  void add_dense(bool quantized, bool bias);
  std::shared_ptr<Module> finish(bool quantized);

  Spec spec_;
  const quantize::Scheme* scheme_;
  std::shared_ptr<layers::Sequential> net_ = std::make_shared<layers::Sequential>();
  Shape shape_;
  int number_ = 0;
  std::optional<layers::Block::Spec> open_;
  std::string open_name_;
  bool open_sum_ = false;  ///< of a residual block: its activation is settled likewise
};

}  // namespace fracbit::models
