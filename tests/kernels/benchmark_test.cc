#include "fracbit/framework/benchmark.h"

#include <set>
#include <string>

#include "fracbit/framework/cpu.h"
#include "support/catch.h"

namespace {

TEST_CASE("kernel benchmarks cover floats and every instruction set, and run") {
  std::set<std::string> isas;
  std::set<std::string> families;
  bool floats = false;
  for (const fracbit::KernelBenchmark& benchmark : fracbit::kernel_benchmarks()) {
    CAPTURE(benchmark.name, benchmark.isa);
    floats = floats || benchmark.weight_bits == 32;
    isas.insert(benchmark.isa);
    REQUIRE(benchmark.work > 1e5);
    families.insert(benchmark.name.substr(0, benchmark.name.find(' ')));
    if (benchmark.isa == isa_name(fracbit::active_isa()) && benchmark.n == 64) {
      REQUIRE_NOTHROW(benchmark.run());
    }
  }
  REQUIRE(floats);
  for (const char* family : {"float", "bits", "int8", "input", "weight", "gradient", "planes"}) {
    CAPTURE(family);
    REQUIRE(families.count(family) == 1);
  }
  for (const fracbit::Isa isa : fracbit::supported_isas()) {
    REQUIRE(isas.count(std::string(isa_name(isa))) == 1);
  }
}

}  // namespace
