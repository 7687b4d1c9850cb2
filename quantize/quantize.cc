#include "fracbit/quantize/quantize.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fracbit/framework/error.h"
#include "fracbit/framework/nearest.h"
#include "fracbit/quantize/bit_shares.h"
#include "fracbit/quantize/option.h"
#include "quantize/catalogue.inc"

namespace fracbit::quantize {

namespace catalogue {
#define FRACBIT_DECLARE(name) extern const Scheme name;
FRACBIT_QUANTIZERS(FRACBIT_DECLARE)
#undef FRACBIT_DECLARE
}  // namespace catalogue

namespace {

#define FRACBIT_ADDRESS(name) &catalogue::name,
constexpr std::array kSchemes = {FRACBIT_QUANTIZERS(FRACBIT_ADDRESS)};
#undef FRACBIT_ADDRESS

/// Whether `option` is one of the space-separated words of `list`.
bool lists(std::string_view list, std::string_view option) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == option) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

/// An option that differs from its default must be one that the scheme reads.
void check_taken(const Scheme& scheme, std::string_view option, bool changed) {
  if (!changed || lists(scheme.options, option)) return;
  std::string readers;
  for (const Scheme* other : kSchemes) {
    if (!lists(other->options, option)) continue;
    readers += (readers.empty() ? "" : ", ") + std::string(other->name);
  }
  throw ConfigError(std::string(option) + ": is an option of " + readers + ", not of " +
                    std::string(scheme.name));
}

void check_options(const Scheme& scheme, const Spec& spec) {
  const Spec defaults;
  check_taken(scheme, "activation", spec.activation != defaults.activation);
  check_taken(scheme, "max-gradient", spec.max_gradient != defaults.max_gradient);
  check_taken(scheme, "bit-heuristic", spec.bit_heuristic != defaults.bit_heuristic);
  check_taken(scheme, "bit-shares", !spec.bit_shares.empty());
  check_taken(scheme, "scope", spec.scope != defaults.scope);
  check_taken(scheme, "mask-refresh", spec.mask_refresh != defaults.mask_refresh);
  check_taken(scheme, "bwn-gradient", spec.bwn_gradient != defaults.bwn_gradient);
  check_taken(scheme, "ste-window", spec.ste_window != defaults.ste_window);
  check_taken(
      scheme, "level-grid",
      spec.level_grid != defaults.level_grid && spec.level_grid != scheme.default_level_grid);
  check_taken(scheme, "bit-granularity", spec.bit_granularity != defaults.bit_granularity);
  check_taken(scheme, "act-mask", spec.act_mask != defaults.act_mask);
  check_taken(scheme, "act-scales", spec.act_scales != defaults.act_scales);
}

}  // namespace

std::string_view relu(const Spec&) {
  return "relu";
}

std::span<const Scheme* const> schemes() {
  return kSchemes;
}

const Scheme& find(std::string_view name) {
  for (const Scheme* scheme : kSchemes) {
    if (scheme->name == name) return *scheme;
  }
  std::array<std::string_view, kSchemes.size()> names;
  std::transform(kSchemes.begin(), kSchemes.end(), names.begin(),
                 [](const Scheme* scheme) { return scheme->name; });
  throw ConfigError("quant: unknown scheme '" + std::string(name) + "'" +
                    nearest_hint(name, names));
}

Spec resolved(const Spec& spec) {
  const Scheme& scheme = find(spec.scheme);
  check_options(scheme, spec);
  Spec result = spec;
  double weight_bits = scheme.default_weight_bits;
  double act_bits = scheme.default_act_bits;
  if (!spec.bit_shares.empty()) {
    const double average = average_bits(checked_shares(spec.bit_shares));
    weight_bits = act_bits = std::round(average * 1e9) / 1e9;
  }
  if (result.weight_bits == 0) result.weight_bits = weight_bits;
  if (result.act_bits == 0) result.act_bits = act_bits;
  if (result.grad_bits == 0) result.grad_bits = 32;
  if (result.level_grid.empty()) result.level_grid = scheme.default_level_grid;
  whole_bits("grad-bits", spec.scheme, result.grad_bits, GradientQuantizer::kMostBits);
  scheme.weights(result);
  scheme.activations(result);
  return result;
}

}  // namespace fracbit::quantize
