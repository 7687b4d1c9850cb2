#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fracbit/framework/shape.h"
#include "fracbit/quantize/bit_shares.h"

namespace fracbit::quantize {

/// Which weights share a number of bits: none; a block of 16 filters x 64 input channels x 1 kernel
/// tap; a filter.
enum class Granularity { parameter, word, filter };

/// "parameter", "word" or "filter". Throws ConfigError otherwise.
Granularity granularity_named(std::string_view name);

/// Units of a weight tensor [filters, ..., channels].
int64_t unit_count(const Shape& shape, Granularity granularity);

/// The mean sort key of each unit's elements.
class UnitKeys {
 public:
  virtual ~UnitKeys() = default;
  /// Sum of the keys of elements first .. first + count - 1, in double.
  virtual double sum(int64_t first, int64_t count) const = 0;
};

/// Algorithm 1 on units of more than one element. Units are sorted by their mean key, equal ones in
/// order of index (filters, taps, channels); width 1, 2 or 3 is that in whose share of the elements
/// the middle element of a unit falls (the lower one of two).
///
/// Shapes   weights [filters, ..., channels], all axes between them are taps; writes a width for
///          each element
/// Paper    Fromm et al. 2018, Algorithm 1, on blocks (spec 3.11)
void assign_unit_widths(const Shape& shape, Granularity granularity, const UnitKeys& keys,
                        const BitShares& shares, std::span<uint8_t> widths);

}  // namespace fracbit::quantize
