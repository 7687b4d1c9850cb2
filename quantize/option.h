#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "fracbit/quantize/quantize.h"

namespace fracbit::quantize {

/// A number as people write it: "1.4", "32".
std::string written(double number);

/// The width of an integer scheme: 1 .. most, or 32. Throws ConfigError that names the option:
/// "weight-bits: dorefa takes whole numbers 1 to 8 or 32, got 1.4".
int whole_bits(std::string_view option, std::string_view scheme, double bits, int most);

/// The width of a scheme that leaves this operand in float. Throws ConfigError unless it is 32.
void only_float(std::string_view option, std::string_view scheme, double bits);

/// Scheme::activations of the schemes that leave them in float: no quantizer. Throws ConfigError
/// unless act-bits is 32.
std::unique_ptr<Quantizer> float_activations(const Spec& spec);

/// `value`, if it is one of the choices; throws ConfigError with the nearest one otherwise.
std::string_view one_of(std::string_view option, std::string_view value,
                        std::initializer_list<std::string_view> choices);

}  // namespace fracbit::quantize
