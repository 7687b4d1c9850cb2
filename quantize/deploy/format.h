#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "fracbit/quantize/deploy/model.h"

namespace fracbit::deploy {

/// Version of `.fbit` files that this library writes; it reads no other.
inline constexpr int kFormatVersion = 1;

/// Bytes at the begin that say what kind of file it is.
inline constexpr size_t kMagicBytes = 8;
/// Whether at least these are right.
bool has_magic(std::span<const std::byte> bytes);

/// The bytes of an `.fbit` file (docs/formats.md). Equal models give equal bytes. Throws
/// ConfigError as trace().
std::vector<std::byte> write_model(const Model& model);

/// Bytes that the bits and numbers of weights take in it.
int64_t stored_bytes(const Weights& weights);

/// The model of an `.fbit` file; `name` stands in messages. Any bytes give a model that satisfies
/// trace(), or a FileError, in time and memory that are in proportion to their number.
Model read_model(std::span<const std::byte> bytes, std::string_view name);

}  // namespace fracbit::deploy
