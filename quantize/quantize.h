#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fracbit/quantize/gradient.h"
#include "fracbit/quantize/quantizer.h"

namespace fracbit::quantize {

/// Over which elements a scale or a mask is taken.
enum class Scope { layer, filter };

/// Everything that configures a scheme. Bits of 32 mean float; 0 means the scheme's default.
struct Spec {
  std::string scheme = "none";
  double weight_bits = 0;
  double act_bits = 0;
  double grad_bits = 0;
  std::string activation = "clip01";         ///< dorefa: h, "clip01" or "cabs"
  std::string max_gradient = "through";      ///< dorefa weights k > 1: "through" or "detached"
  std::string bit_heuristic = "middle-out";  ///< hbnn: middle-out, top-down, bottom-up, random
  std::vector<double> bit_shares = {};       ///< hbnn: fractions of 1-, 2- and 3-bit values
  Scope scope = Scope::layer;                ///< residual, hbnn: of weight scales and masks
  int mask_refresh = 1;                      ///< hbnn: training steps between new weight masks
  std::string bwn_gradient = "paper";        ///< bwn weights: "paper" or "identity"
  std::string ste_window = "1";              ///< residual, hbnn: "1", "bits", "none"
  /// residual, hbnn: float, int8, int10; empty means the scheme's default
  std::string level_grid = {};
  /// residual, hbnn weights: what shares a number of bits, parameter, word or filter
  std::string bit_granularity = "parameter";
  std::string act_mask = "threshold";  ///< hbnn activations: threshold or channel
  std::string act_scales = "sample";   ///< residual activations: sample or running
};

/// "relu", the Scheme::float_activation of all schemes but one.
std::string_view relu(const Spec& spec);

/// Where normalisation and pooling stand around a quantized product.
enum class BlockOrder {
  conv_bn_pool_act,  ///< conv -> BN -> pool -> activation: float, DoReFa, weights-only schemes
                     ///< (spec 1.7, 3.8)
  conv_pool_bn_act,  ///< conv -> pool -> BN -> binarize: schemes with centred +-1 inputs
                     ///< (spec 2.2, 3.7)
};

/// One scheme of the catalogue.
struct Scheme {
  std::string_view name;
  std::string_view summary;  ///< one line for `fracbit list`
  std::string_view paper;
  double default_weight_bits;
  double default_act_bits;
  std::string_view default_level_grid = "float";
  /// From a resolved spec. Throw ConfigError for bits or options that the scheme does not take.
  /// Null for 32 bits.
  std::unique_ptr<Quantizer> (*weights)(const Spec& spec);
  std::unique_ptr<Quantizer> (*activations)(const Spec& spec);
  /// How blocks are ordered when activations are quantized.
  BlockOrder order;
  /// Activation where inputs stay float and before the last float layer: "relu" or "clip01",
  /// "cabs".
  std::string_view (*float_activation)(const Spec& spec) = relu;
  /// Whether a trained scalar follows a quantized last layer, whose sums are large (spec 2.6, 3.8).
  bool scale_after_last = false;
  /// Names of the options of Spec that the scheme reads besides bits, separated by spaces.
  std::string_view options = "";
};

/// All schemes in catalogue order. "none" is one of them: float weights and activations, ReLU.
std::span<const Scheme* const> schemes();
/// Throws ConfigError that names the nearest known scheme.
const Scheme& find(std::string_view name);

/// The spec with defaults filled in, checked. Throws ConfigError that names the option: unknown
/// scheme or choice, bits that the scheme does not take, an option of another scheme that is not
/// at its default.
Spec resolved(const Spec& spec);

}  // namespace fracbit::quantize
