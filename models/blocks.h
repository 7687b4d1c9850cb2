#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "fracbit/layers/conv2d.h"
#include "fracbit/layers/sequential.h"
#include "fracbit/models/models.h"

namespace fracbit::models {

/// Assembles a plain network block by block, in the order of its scheme (spec 1.7, 2.2, 3.7):
///   float, DoReFa, weights only   product -> batch norm -> pool -> activation
///   centred +-1 inputs            product -> pool -> batch norm -> (the next layer binarizes)
/// Quantized layers quantize their own inputs; an activation layer stands only in front of float
/// inputs. The first and the last layer are float unless the spec asks otherwise. Inner layers have
/// no bias.
class Blocks {
 public:
  explicit Blocks(const Spec& spec);

  struct Conv {
    int64_t out = 0;
    int64_t kernel = 3;
    int64_t pool = 0;  ///< window and stride of a max pool; 0: none
    int64_t padding = layers::kSame;
  };
  Blocks& conv(const Conv& block);
  /// Flattens images first.
  Blocks& dense(int64_t out);
  /// The last layer: dense, or a 3x3 convolution followed by the mean over all positions.
  std::shared_ptr<Module> dense_classifier(bool bias);
  std::shared_ptr<Module> conv_classifier();

 private:
  bool first() const { return number_ == 0; }
  bool quantizes(bool last) const;
  quantize::Spec layer_quant() const;
  void add(const std::string& name, std::shared_ptr<Module> layer);
  void add_numbered(const char* name, std::shared_ptr<Module> layer);
  bool takes_floats(bool quantized) const;
  void activate(std::string_view function);
  void activate_before(bool quantized);
  void activate_before_last(bool quantized);
  void normalize_and_pool(int64_t pool);
  void flatten();
  std::shared_ptr<Module> finish(bool quantized);

  Spec spec_;
  const quantize::Scheme* scheme_;
  std::shared_ptr<layers::Sequential> net_ = std::make_shared<layers::Sequential>();
  Shape shape_;
  int number_ = 0;
};

}  // namespace fracbit::models
