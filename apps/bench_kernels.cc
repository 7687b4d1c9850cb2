#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>

#include "fracbit/apps/json_text.h"
#include "fracbit/apps/pass_rows.h"
#include "fracbit/apps/settings.h"
#include "fracbit/apps/table.h"
#include "fracbit/apps/tile_operands.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/framework/random.h"

namespace fracbit::apps {
namespace {

namespace bitgemm = kernels::bitgemm;

/// One product that is measured: m x k values times k x n.
struct Row {
  std::string name;
  std::string isa;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  int weight_bits = 0;
  int act_bits = 0;
  double giga_macs_per_second = 0;
};

/// Billion multiply-accumulates per second of `body`, which does `macs` of them.
double rate(double macs, double min_seconds, const std::function<void()>& body) {
  using Clock = std::chrono::steady_clock;
  body();
  int64_t rounds = 0;
  const auto start = Clock::now();
  std::chrono::duration<double> taken{};
  do {
    body();
    ++rounds;
    taken = Clock::now() - start;
  } while (taken.count() < min_seconds);
  return macs * static_cast<double>(rounds) / taken.count() / 1e9;
}

/// A 3x3 convolution of 64 channels: 256 pixels, 16 filters.
constexpr int64_t kPixels = 256;
constexpr int64_t kWords = 9;
constexpr int64_t kPlanes = 8;

/// Random planes and the places of all windows in them.
struct BitOperands {
  std::vector<uint64_t> x = std::vector<uint64_t>(kPlanes * kPixels * kWords);
  std::vector<uint64_t> w = std::vector<uint64_t>(kPlanes * kWords * bitgemm::kFilters);
  std::vector<int64_t> window = std::vector<int64_t>(kPixels);
  std::vector<int64_t> tap = std::vector<int64_t>(kWords);
  std::vector<int32_t> out = std::vector<int32_t>(kPixels * bitgemm::kFilters);

  BitOperands() {
    const Random random(1, 0, 0, Purpose::synthetic_data);
    const auto fill = [&](std::vector<uint64_t>& words, int64_t offset) {
      for (size_t i = 0; i < words.size(); ++i) {
        const int64_t at = offset + 2 * static_cast<int64_t>(i);
        words[i] = uint64_t{random.word(at)} << 32 | random.word(at + 1);
      }
    };
    fill(x, 0);
    fill(w, 1 << 20);
    for (int64_t p = 0; p < kPixels; ++p) window[static_cast<size_t>(p)] = p * kWords;
    for (int64_t t = 0; t < kWords; ++t) tap[static_cast<size_t>(t)] = t;
  }

  bitgemm::Product product(int x_planes, int w_planes) {
    bitgemm::Product product{};
    product.x = x.data();
    product.x_plane = kPixels * kWords;
    product.window = window.data();
    product.tap = tap.data();
    product.pixels = kPixels;
    product.k = kWords;
    product.w = w.data();
    product.w_plane = kWords * bitgemm::kFilters;
    product.x_planes = x_planes;
    product.w_planes = w_planes;
    product.factor = 1;
    product.out = out.data();
    product.out_step = bitgemm::kFilters;
    product.filters = bitgemm::kFilters;
    return product;
  }
};

using BitKernel = void (*)(const bitgemm::Product&) noexcept;

Row bit_row(const char* name, Isa isa, BitKernel kernel, int weight_bits, int act_bits,
            double min_seconds) {
  static BitOperands operands;
  Row row{name,        std::string(isa_name(isa)),
          kPixels,     bitgemm::kFilters,
          64 * kWords, weight_bits,
          act_bits,    0};
  const bitgemm::Product product = operands.product(act_bits, weight_bits);
  const auto macs = static_cast<double>(row.m * row.n * row.k);
  row.giga_macs_per_second = rate(macs, min_seconds, [&] { kernel(product); });
  return row;
}

void add_bit_rows(Isa isa, double min_seconds, std::vector<Row>& rows) {
  const bitgemm::Kernels* kernels = bitgemm::find(std::string(isa_name(isa)).c_str());
  if (kernels == nullptr) return;
  const auto add = [&](const char* name, BitKernel kernel, int weight_bits, int act_bits) {
    rows.push_back(bit_row(name, isa, kernel, weight_bits, act_bits, min_seconds));
  };
  for (int weight_bits : {1, 2, 4}) {
    for (int act_bits : {1, 2, 4}) add("codes", kernels->codes, weight_bits, act_bits);
  }
  add("signs", kernels->signs, 1, 1);
  add("weight_masked", kernels->weight_masked, 1, 1);
  add("input_masked", kernels->input_masked, 1, 1);
  add("both_masked", kernels->both_masked, 1, 1);
}

/// The float tile on one block of its rows and columns.
Row tile_row(Isa isa, double min_seconds) {
  TileOperands operands(isa);
  Row row{"float_tile", std::string(isa_name(isa)),
          operands.m(), operands.n(),
          operands.k(), 32,
          32,           0};
  row.giga_macs_per_second = rate(operands.macs(), min_seconds, [&] { operands.run(); });
  return row;
}

std::string text(const std::vector<Row>& rows, const std::vector<PassRow>& passes) {
  Table table("llrrrrrr");
  table.add({"kernel", "isa", "m", "n", "k", "w bits", "in bits", "GMAC/s"});
  table.rule();
  for (const Row& row : rows) {
    table.add({row.name, row.isa, std::to_string(row.m), std::to_string(row.n),
               std::to_string(row.k), std::to_string(row.weight_bits), std::to_string(row.act_bits),
               fixed(row.giga_macs_per_second, 2)});
  }
  Table pass_table("llr");
  pass_table.add({"pass of a block", "isa", "ns per number"});
  pass_table.rule();
  for (const PassRow& row : passes) pass_table.add({row.name, row.isa, fixed(row.nanoseconds, 3)});
  return table.text() + "\n" + pass_table.text();
}

std::string json(const std::vector<Row>& rows, const std::vector<PassRow>& passes) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    list.push_back({{"name", row.name},
                    {"isa", row.isa},
                    {"m", row.m},
                    {"n", row.n},
                    {"k", row.k},
                    {"weight_bits", row.weight_bits},
                    {"act_bits", row.act_bits},
                    {"giga_macs_per_second", row.giga_macs_per_second}});
  }
  nlohmann::ordered_json pass_list = nlohmann::ordered_json::array();
  for (const PassRow& row : passes) {
    pass_list.push_back(
        {{"name", row.name}, {"isa", row.isa}, {"nanoseconds_per_number", row.nanoseconds}});
  }
  return json_text({{"kernels", std::move(list)}, {"passes", std::move(pass_list)}});
}

Result bench_kernels(const Settings& settings) {
  const double min_seconds = settings.real("min-time");
  std::vector<Row> rows;
  std::vector<PassRow> passes;
  for (Isa isa : supported_isas()) {
    rows.push_back(tile_row(isa, min_seconds));
    add_bit_rows(isa, min_seconds, rows);
    for (PassRow& row : pass_rows(isa, min_seconds)) passes.push_back(std::move(row));
  }
  return {text(rows, passes), json(rows, passes)};
}

}  // namespace

const Command bench_kernels_command = {
    .name = "bench-kernels",
    .summary = "throughput of each kernel on each instruction set of this machine",
    .takes = kBenchKernels,
    .notes =
        "One thread, operands in cache. A multiply-accumulate of b-bit weights and a-bit "
        "inputs counts once. Passes of a block run on an image of 32x32 pixels and 64 channels.",
    .examples = "fracbit bench-kernels\nfracbit bench-kernels --min-time 1 --json",
    .run = bench_kernels,
};

}  // namespace fracbit::apps
