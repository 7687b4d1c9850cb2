#include "fracbit/framework/cpu.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"

namespace fracbit {
namespace {

constexpr Isa kBestFirst[] = {Isa::avx512vp, Isa::avx512, Isa::avx2, Isa::neon, Isa::scalar};

bool cpu_has(Isa isa) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  switch (isa) {
    case Isa::scalar:
      return true;
    case Isa::neon:
      return false;
    case Isa::avx2:
      return avx2;
    case Isa::avx512:
      return avx512;
    case Isa::avx512vp:
      return avx512 && __builtin_cpu_supports("avx512vpopcntdq") &&
             __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni") &&
             __builtin_cpu_supports("gfni");
  }
  return false;
#elif defined(__aarch64__)
  return isa == Isa::neon || isa == Isa::scalar;
#else
  return isa == Isa::scalar;
#endif
}

std::vector<Isa> find_supported() {
  std::vector<Isa> found;
  for (Isa isa : kBestFirst) {
    if (cpu_has(isa)) found.push_back(isa);
  }
  return found;
}

Isa choose() {
  const char* wanted = std::getenv("FRACBIT_ISA");
  if (wanted == nullptr || *wanted == '\0') return supported_isas().front();
  std::string names;
  for (Isa isa : supported_isas()) {
    if (isa_name(isa) == wanted) return isa;
    names += (names.empty() ? "" : ", ") + std::string(isa_name(isa));
  }
  throw ConfigError("FRACBIT_ISA: '" + std::string(wanted) +
                    "' is not available, this machine has " + names);
}

}  // namespace

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return "scalar";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::avx512vp:
      return "avx512vp";
    case Isa::neon:
      return "neon";
  }
  return "unknown";
}

std::span<const Isa> supported_isas() {
  static const std::vector<Isa> isas = find_supported();
  return isas;
}

Isa active_isa() {
  static const Isa isa = choose();
  return isa;
}

}  // namespace fracbit
