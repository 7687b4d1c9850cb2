#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace fracbit::data {

/// The MD5 digest as 32 hexadecimal digits. It tells a damaged download from a whole one, and is
/// what the authors of data sets publish; it protects against nobody's intent.
///
/// Paper    Rivest 1992, RFC 1321.
std::string md5(std::span<const uint8_t> bytes);

}  // namespace fracbit::data
