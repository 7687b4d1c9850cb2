#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace fracbit {

/// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected, initial value and final xor all ones), the
/// checksum of iSCSI and ext4. Finds every error burst of up to 32 bits. `crc` continues an earlier
/// call: crc32c(b, crc32c(a)) is the checksum of a followed by b.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc = 0);

/// Eight lower-case hexadecimal digits.
std::string crc32c_text(uint32_t crc);

}  // namespace fracbit
