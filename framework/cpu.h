#pragma once

#include <span>
#include <string_view>

namespace fracbit {

/// Instruction sets with kernels of their own: the portable one, those of x86-64 from worst to
/// best, and that of AArch64.
enum class Isa {
  scalar,    ///< the compiler's baseline
  avx2,      ///< AVX2, FMA, BMI2, POPCNT
  avx512,    ///< AVX-512 F, BW, DQ, VL, CD
  avx512vp,  ///< avx512 and VPOPCNTDQ, VBMI, VNNI, GFNI
  neon,      ///< Advanced SIMD of AArch64
};

/// "scalar", "avx2", "avx512", "avx512vp", "neon"; data() is that as a C string.
std::string_view isa_name(Isa isa);
/// All sets this library was built with that this CPU supports, best first. Never empty.
std::span<const Isa> supported_isas();
/// The set in use: the best supported one, or the one FRACBIT_ISA names. Throws ConfigError if
/// FRACBIT_ISA names none, or one that this CPU or build lacks.
Isa active_isa();

}  // namespace fracbit
