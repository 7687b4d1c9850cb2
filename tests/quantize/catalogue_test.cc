// The catalogue, and what resolved() accepts.

#include "fracbit/framework/error.h"
#include "fracbit/quantize/quantize.h"
#include "support/catch.h"

namespace fracbit::tests {
namespace {

using quantize::Spec;

std::string message_of(const Spec& spec) {
  try {
    quantize::resolved(spec);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("every scheme resolves with its defaults") {
  for (const quantize::Scheme* scheme : quantize::schemes()) {
    INFO(scheme->name);
    CHECK(&quantize::find(scheme->name) == scheme);
    const Spec spec = quantize::resolved({.scheme = std::string(scheme->name)});
    CHECK(spec.weight_bits == scheme->default_weight_bits);
    CHECK(spec.act_bits == scheme->default_act_bits);
    CHECK(spec.grad_bits == 32);
    CHECK((scheme->weights(spec) == nullptr) == (spec.weight_bits == 32));
    CHECK((scheme->activations(spec) == nullptr) == (spec.act_bits == 32));
    CHECK(!scheme->summary.empty());
  }
}

TEST_CASE("an unknown scheme names the nearest one") {
  CHECK(message_of({.scheme = "dorfea"}) == "quant: unknown scheme 'dorfea' (nearest: 'dorefa')");
  CHECK(message_of({.scheme = "zzz"}) == "quant: unknown scheme 'zzz'");
}

TEST_CASE("bits that a scheme does not take are an error that names the option") {
  CHECK(message_of({.scheme = "dorefa", .weight_bits = 1.4}) ==
        "weight-bits: dorefa takes whole numbers 1 to 8 or 32, got 1.4");
  CHECK(message_of({.scheme = "dorefa", .act_bits = 33}) ==
        "act-bits: dorefa takes whole numbers 1 to 8 or 32, got 33");
  CHECK(message_of({.scheme = "dorefa", .act_bits = -1}) ==
        "act-bits: dorefa takes whole numbers 1 to 8 or 32, got -1");
  CHECK(message_of({.scheme = "dorefa", .grad_bits = 17}) ==
        "grad-bits: dorefa takes whole numbers 1 to 16 or 32, got 17");
  CHECK(message_of({.scheme = "none", .weight_bits = 2}) ==
        "weight-bits: none takes 32 (float), got 2");
  CHECK(message_of({.scheme = "none", .grad_bits = 4}) ==
        "grad-bits: none takes 32 (float), got 4");
  CHECK(message_of({.scheme = "bwn", .act_bits = 2}) == "act-bits: bwn takes 32 (float), got 2");
}

TEST_CASE("options: unknown choices, and options of another scheme") {
  CHECK(message_of({.scheme = "dorefa", .activation = "clip10"}) ==
        "activation: expected one of clip01, cabs, got 'clip10' (nearest: 'clip01')");
  CHECK(message_of({.scheme = "dorefa", .max_gradient = "thru"}) ==
        "max-gradient: expected one of through, detached, got 'thru' (nearest: 'through')");
  CHECK(message_of({.scheme = "none", .activation = "cabs"}) ==
        "activation: is an option of dorefa, not of none");
}

TEST_CASE("hbnn: averages, shares and mask refresh") {
  CHECK(message_of({.scheme = "hbnn", .weight_bits = 3.5}) ==
        "weight-bits: hbnn takes an average of 1 to 3, or 32, got 3.5");
  CHECK(message_of({.scheme = "hbnn", .act_bits = 0.5}) ==
        "act-bits: hbnn takes an average of 1 to 3, or 32, got 0.5");
  CHECK(message_of({.scheme = "hbnn", .bit_shares = {0.7, 0.2}}) ==
        "bit-shares: expected three fractions that add up to 1, got 0.7, 0.2");
  CHECK(message_of({.scheme = "hbnn", .bit_shares = {0.7, 0.2, 0.2}}) ==
        "bit-shares: expected three fractions that add up to 1, got 0.7, 0.2, 0.2");
  CHECK(message_of({.scheme = "hbnn", .bit_shares = {1.2, -0.2, 0}}) ==
        "bit-shares: expected three fractions that add up to 1, got 1.2, -0.2, 0");
  CHECK(
      message_of(
          {.scheme = "hbnn", .weight_bits = 1.3, .act_bits = 32, .bit_shares = {0.7, 0.2, 0.1}}) ==
      "bit-shares: average 1.4 bits, but weight-bits is 1.3 and act-bits is 32");
  CHECK(message_of({.scheme = "hbnn", .level_grid = "int9"}) ==
        "level-grid: expected one of float, int8, int10, got 'int9' (nearest: 'int8')");
  CHECK(message_of({.scheme = "residual", .bit_granularity = "words"}) ==
        "bit-granularity: expected one of parameter, word, filter, got 'words' (nearest: 'word')");
  CHECK(message_of({.scheme = "dorefa", .level_grid = "int8"}) ==
        "level-grid: is an option of residual, hbnn, not of dorefa");
  CHECK(message_of({.scheme = "bnn", .bit_granularity = "word"}) ==
        "bit-granularity: is an option of residual, hbnn, not of bnn");
  CHECK(message_of({.scheme = "hbnn", .act_mask = "chanel"}) ==
        "act-mask: expected one of threshold, channel, got 'chanel' (nearest: 'channel')");
  CHECK(message_of({.scheme = "residual", .act_bits = 4, .act_scales = "running"}) ==
        "act-scales: running takes act-bits of 1 to 3, got 4");
  CHECK(message_of({.scheme = "hbnn", .act_scales = "running"}) ==
        "act-scales: is an option of residual, not of hbnn");
  CHECK(message_of({.scheme = "residual", .act_mask = "channel"}) ==
        "act-mask: is an option of hbnn, not of residual");
  CHECK(message_of({.scheme = "dorefa", .bit_shares = {0.7, 0.2, 0.1}}) ==
        "bit-shares: is an option of hbnn, not of dorefa");
  CHECK(message_of({.scheme = "hbnn", .bit_heuristic = "middleout"}) ==
        "bit-heuristic: expected one of middle-out, top-down, bottom-up, random, got 'middleout' "
        "(nearest: 'middle-out')");
  CHECK(message_of({.scheme = "hbnn", .mask_refresh = 0}) ==
        "mask-refresh: expected 1 to 1048576 steps, got 0");
  CHECK(message_of({.scheme = "hbnn", .ste_window = "2"}) ==
        "ste-window: expected one of 1, bits, none, got '2'");
  const Spec shares = quantize::resolved({.scheme = "hbnn", .bit_shares = {0.8, 0.1, 0.1}});
  CHECK(shares.weight_bits == 1.3);
  CHECK(shares.act_bits == 1.3);
  const Spec mixed = quantize::resolved(
      {.scheme = "hbnn", .weight_bits = 1, .act_bits = 1.3, .bit_shares = {0.8, 0.1, 0.1}});
  CHECK(quantize::find("hbnn").weights(mixed)->max_levels() == 2);
  CHECK(quantize::find("hbnn").activations(mixed)->max_levels() == 14);
}

TEST_CASE("the level grid is that of the scheme unless one is named") {
  CHECK(quantize::resolved({.scheme = "hbnn"}).level_grid == "int8");
  CHECK(quantize::resolved({.scheme = "hbnn", .level_grid = "float"}).level_grid == "float");
  CHECK(quantize::resolved({.scheme = "residual"}).level_grid == "float");
  CHECK(quantize::resolved({.scheme = "residual", .level_grid = "int8"}).level_grid == "int8");
}

TEST_CASE("bits of the binary schemes") {
  CHECK(message_of({.scheme = "bnn", .weight_bits = 2}) == "weight-bits: bnn takes 1 or 32, got 2");
  CHECK(message_of({.scheme = "bwn", .act_bits = 1}) == "act-bits: bwn takes 32 (float), got 1");
  CHECK(message_of({.scheme = "bwn", .bwn_gradient = "code"}) ==
        "bwn-gradient: expected one of paper, identity, got 'code'");
  CHECK(message_of({.scheme = "residual", .weight_bits = 9}) ==
        "weight-bits: residual takes whole numbers 1 to 8 or 32, got 9");
}

TEST_CASE("the width of a gradient is 1 to 16") {
  CHECK_THROWS_AS(quantize::GradientQuantizer(0), ConfigError);
  CHECK_THROWS_AS(quantize::GradientQuantizer(17), ConfigError);
  CHECK(quantize::GradientQuantizer(16).bits() == 16);
}

}  // namespace
}  // namespace fracbit::tests
