#include <algorithm>
#include <nlohmann/json.hpp>

#include "fracbit/apps/json_text.h"
#include "fracbit/apps/settings.h"
#include "fracbit/apps/table.h"
#include "fracbit/framework/benchmark.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::apps {
namespace {

/// A kernel that was measured.
struct Row {
  KernelBenchmark kernel;
  double giga = 0;   ///< multiply-accumulates or bytes a second
  double share = 0;  ///< of its limit; 0 where there is none

  bool is_pass() const { return kernel.k == 0; }
};

Row measured(KernelBenchmark kernel, const std::vector<MachineLimits>& machine,
             double min_seconds) {
  Row row;
  const double work = kernel.work;
  const double rate = measure_rate(work, min_seconds, kernel.run);
  const auto limits = std::find_if(machine.begin(), machine.end(),
                                   [&](const MachineLimits& of) { return of.isa == kernel.isa; });
  if (limits != machine.end() && limits->of(kernel.limit) > 0) {
    row.share = rate / limits->of(kernel.limit);
  }
  row.giga = kernel.k == 0 ? rate : rate / work * kernel.macs();
  kernel.run = nullptr;  // its operands are not needed any more
  row.kernel = std::move(kernel);
  return row;
}

std::string bits_text(double bits) {
  return fixed(bits, bits == static_cast<int>(bits) ? 0 : 1);
}

std::string share_text(const Row& row) {
  return row.share > 0 ? fixed(100 * row.share, 0) + " %" : "-";
}

std::string limits_text(const std::vector<MachineLimits>& machine) {
  Table table("lrrrrrrrr");
  table.add(
      {"limits", "fma", "bits", "bytes", "table", "read", "copy", "memory read", "memory copy"});
  table.rule();
  for (const MachineLimits& of : machine) {
    std::vector<std::string> cells{of.isa};
    for (const double giga : of.giga) cells.push_back(giga > 0 ? fixed(giga, 1) : "-");
    table.add(std::move(cells));
  }
  return table.text();
}

std::string text(const std::vector<Row>& rows, const std::vector<MachineLimits>& machine) {
  Table products("llrrrrrrlr");
  products.add({"kernel", "isa", "m", "n", "k", "w bits", "in bits", "GMAC/s", "limit", "share"});
  products.rule();
  Table passes("llrrlr");
  passes.add({"pass of a block", "isa", "ns per number", "GB/s", "limit", "share"});
  passes.rule();
  for (const Row& row : rows) {
    const KernelBenchmark& of = row.kernel;
    const std::string limit(limit_name(of.limit));
    if (row.is_pass()) {
      const double numbers = static_cast<double>(of.m * of.n);
      passes.add({of.name, of.isa, fixed(of.work / row.giga / numbers, 3), fixed(row.giga, 1),
                  limit, share_text(row)});
    } else {
      products.add({of.name, of.isa, std::to_string(of.m), std::to_string(of.n),
                    std::to_string(of.k), bits_text(of.weight_bits), bits_text(of.act_bits),
                    fixed(row.giga, 2), limit, share_text(row)});
    }
  }
  return limits_text(machine) + "\n" + products.text() + "\n" + passes.text();
}

using Json = nlohmann::ordered_json;

Json limits_json(const std::vector<MachineLimits>& machine) {
  Json list = Json::array();
  for (const MachineLimits& of : machine) {
    Json limits{{"isa", of.isa}};
    for (int i = 0; i < kLimits; ++i) {
      std::string name(limit_name(static_cast<Limit>(i)));
      std::replace(name.begin(), name.end(), ' ', '_');
      limits[name] = of.giga[static_cast<size_t>(i)];
    }
    list.push_back(std::move(limits));
  }
  return list;
}

std::string json(const std::vector<Row>& rows, const std::vector<MachineLimits>& machine) {
  Json products = Json::array(), passes = Json::array();
  for (const Row& row : rows) {
    const KernelBenchmark& of = row.kernel;
    Json entry{{"name", of.name}, {"isa", of.isa}, {"m", of.m}, {"n", of.n}};
    if (row.is_pass()) {
      entry["nanoseconds_per_number"] = of.work / row.giga / static_cast<double>(of.m * of.n);
      entry["gigabytes_per_second"] = row.giga;
    } else {
      entry["k"] = of.k;
      entry["weight_bits"] = of.weight_bits;
      entry["act_bits"] = of.act_bits;
      entry["giga_macs_per_second"] = row.giga;
    }
    entry["limit"] = limit_name(of.limit);
    entry["share"] = row.share;
    (row.is_pass() ? passes : products).push_back(std::move(entry));
  }
  return json_text({{"limits", limits_json(machine)},
                    {"kernels", std::move(products)},
                    {"passes", std::move(passes)}});
}

Result bench_kernels(const Settings& settings) {
  const double min_seconds = settings.real("min-time");
  set_threads(1);
  std::vector<MachineLimits> machine;
  for (const Isa isa : supported_isas()) machine.push_back(machine_limits(isa, min_seconds));
  std::vector<Row> rows;
  for (KernelBenchmark& kernel : kernel_benchmarks()) {
    rows.push_back(measured(std::move(kernel), machine, min_seconds));
  }
  return {text(rows, machine), json(rows, machine)};
}

}  // namespace

const Command bench_kernels_command = {
    .name = "bench-kernels",
    .summary = "throughput of each kernel on each instruction set of this machine",
    .takes = kBenchKernels,
    .notes =
        "One thread, the best of some stretches. Limits are loops of the bare instructions, "
        "measured "
        "in the same run: billion multiply-accumulates a second of floats (fma), of signs (bits: "
        "xor, popcount, add), of bytes and of table lookups; GB/s of the second-level cache (read, "
        "copy) and of memory. A product of b-bit weights and a-bit inputs counts once in GMAC/s "
        "and "
        "b a times against its limit. Passes of a block run on an image of 32x32 pixels and 64 "
        "channels, in cache.",
    .examples = "fracbit bench-kernels\nfracbit bench-kernels --min-time 1 --json",
    .run = bench_kernels,
};

}  // namespace fracbit::apps
