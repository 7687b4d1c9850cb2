#include "fracbit/framework/benchmark.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/table/table.h"
#include "fracbit/framework/ops/bit_product/integers.h"
#include "fracbit/framework/ops/bit_product/run.h"
#include "fracbit/framework/ops/integer_gradient/run.h"
#include "fracbit/framework/ops/integer_levels.h"
#include "fracbit/framework/ops/integer_levels/dense_weight.h"
#include "fracbit/framework/ops/matmul.h"
#include "fracbit/framework/random.h"

namespace fracbit {
namespace {

using ops::bit_product::Geometry;

/// One shape of the table; kernel 1 and extent 1 is a dense product of `images` rows.
struct Case {
  int64_t images, extent, channels, filters, kernel;
};

constexpr Case kCases[] = {
    {2, 32, 64, 64, 3}, {4, 16, 128, 128, 3}, {8, 8, 256, 256, 3}, {64, 1, 4096, 512, 1}};

/// Bits of each side; a fraction means HBNN shares of 70, 20 and 10 % with 1, 2 and 3 bits.
struct Bits {
  double weights, inputs;
};

constexpr Bits kBits[] = {{1, 1}, {1, 2}, {2, 2}, {1.4, 1}, {1.4, 2}, {1.4, 1.4}};

/// 0, 1 or 2 terms beyond the first, at shares of 70, 20 and 10 %.
int64_t extra_terms(const Random& random, int64_t i) {
  const int64_t percent = random.below(i, 100);
  return percent < 70 ? 0 : percent < 90 ? 1 : 2;
}

ScaledBits random_residual(const Shape& shape, const Random& random) {
  ScaledBits packed{BitTensor(shape, Encoding::residual, 3), Tensor::from({3}, {0.6f, 0.5f, 0.2f})};
  const int64_t words = packed.bits.words_per_plane();
  for (int64_t i = 0; i < shape.size(); ++i) {
    const int64_t c = i % shape.back();
    const int64_t terms = 1 + extra_terms(random, 2 * i);
    const uint32_t signs = random.word(2 * i + 1);
    uint64_t* row = packed.bits.row(i / shape.back()) + c / 64;
    for (int64_t n = 0; n < terms; ++n, row += 2 * words) {
      row[0] |= uint64_t{(signs >> n) & 1} << (c % 64);
      row[words] |= uint64_t{1} << (c % 64);
    }
  }
  return packed;
}

/// +-1 for one bit of weights or inputs, codes for more.
ScaledBits random_bits(const Shape& shape, double bits, uint32_t stream) {
  const Random random(1, stream, 0, Purpose::synthetic_data);
  const int whole = static_cast<int>(bits);
  if (whole < bits) return random_residual(shape, random);
  const CodeMap map = whole == 1 ? CodeMap{2, -1} : CodeMap{1, 0};
  ScaledBits packed{BitTensor(shape, Encoding::codes, whole, map), Tensor::full({1}, 1)};
  std::vector<uint16_t> codes(static_cast<size_t>(shape.size()));
  for (size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<uint16_t>(random.below(static_cast<int64_t>(i), int64_t{1} << whole));
  }
  pack_codes(codes, packed.bits);
  return packed;
}

struct Shapes {
  Shape x, w;
  Geometry geometry;
  bool dense;

  explicit Shapes(const Case& c) : dense(c.extent == 1) {
    if (dense) {
      x = {c.images, c.channels};
      w = {c.filters, c.channels};
      geometry = Geometry::linear(x, w);
    } else {
      x = {c.images, c.extent, c.extent, c.channels};
      w = {c.filters, c.kernel, c.kernel, c.channels};
      geometry =
          Geometry::conv2d(x, w, {.padding_begin = c.kernel / 2, .padding_end = c.kernel / 2});
    }
  }
};

std::string name_of(const Case& c) {
  const std::string size = std::to_string(c.channels) + "->" + std::to_string(c.filters);
  if (c.extent == 1) return "dense " + size;
  const std::string kernel = std::to_string(c.kernel) + "x" + std::to_string(c.kernel);
  return "conv " + kernel + " " + size + " " + std::to_string(c.extent) + "x" +
         std::to_string(c.extent);
}

KernelBenchmark describe(const Case& c, const std::string& kind, std::string_view isa,
                         const Bits& bits) {
  KernelBenchmark benchmark;
  benchmark.name = kind + " " + name_of(c);
  benchmark.isa = isa;
  benchmark.m = c.images * c.extent * c.extent;
  benchmark.n = c.filters;
  benchmark.k = c.kernel * c.kernel * c.channels;
  benchmark.weight_bits = bits.weights;
  benchmark.act_bits = bits.inputs;
  benchmark.work = benchmark.macs();
  return benchmark;
}

/// Planes whose bits are counted: one for each term of HBNN, which has 3 where bits are a fraction.
double planes(double bits) {
  return bits == std::floor(bits) ? bits : 3;
}

/// Operands of a product, made at the first run.
template <typename Operand>
struct Operands {
  Operand x, w;
  Tensor y;
};

KernelBenchmark bit_product(const Case& c, const Bits& bits, std::string_view isa) {
  KernelBenchmark benchmark = describe(c, "bits", isa, bits);
  benchmark.limit = Limit::bits;
  benchmark.work *= planes(bits.weights) * planes(bits.inputs);
  const Shapes shapes(c);
  benchmark.run = [=, operands = std::make_shared<Operands<ScaledBits>>(),
                   outputs = Shape{benchmark.m, benchmark.n}] {
    if (operands->y.empty()) {
      operands->x = random_bits(shapes.x, bits.inputs, 1);
      operands->w = random_bits(shapes.w, bits.weights, 2);
      operands->y = Tensor::uninitialized(outputs);
    }
    ops::bit_product::run(operands->x, operands->w, shapes.geometry, isa, operands->y);
  };
  return benchmark;
}

/// The same product as exact integers.
KernelBenchmark integer_product(const Case& c, const Bits& bits, std::string_view isa) {
  KernelBenchmark benchmark = describe(c, "integers", isa, bits);
  benchmark.limit = Limit::bits;
  benchmark.work *= bits.weights * bits.inputs;
  const Shapes shapes(c);
  struct Integers {
    BitTensor x, w;
    IntTensor d;
  };
  benchmark.run = [=, operands = std::make_shared<Integers>(),
                   outputs = Shape{benchmark.m, benchmark.n}] {
    if (operands->d.size() == 0) {
      operands->x = random_bits(shapes.x, bits.inputs, 1).bits;
      operands->w = random_bits(shapes.w, bits.weights, 2).bits;
      const int64_t most = ops::bit_product::largest_integer(operands->x, operands->w);
      operands->d = IntTensor(outputs, std::max(IntWidth::int16, width_for(most)));
    }
    ops::bit_product::run_integers(operands->x, operands->w, shapes.geometry, isa, operands->d);
  };
  return benchmark;
}

GradientCodes random_gradient(const Shape& shape, int bits) {
  const Random random(1, 3, 0, Purpose::synthetic_data);
  GradientCodes g{shape, bits, Buffer<uint8_t>(shape.size()), Tensor::full({shape[0]}, 1)};
  for (int64_t i = 0; i < shape.size(); ++i) {
    g.codes[i] = static_cast<uint8_t>(random.below(i, int64_t{1} << bits));
  }
  return g;
}

/// Bits of the weights or inputs that gradient codes are multiplied with.
enum class GradientOf { inputs, weights };

KernelBenchmark gradient_product(const Case& c, GradientOf of, int bits, std::string_view isa) {
  constexpr int kGradientBits = 6;
  const bool inputs = of == GradientOf::inputs;
  KernelBenchmark benchmark =
      describe(c, inputs ? "input gradient" : "weight gradient", isa,
               inputs ? Bits{1.0 * bits, kGradientBits} : Bits{kGradientBits, 1.0 * bits});
  struct Gradient {
    ScaledBits other;
    GradientCodes g;
    Tensor result;
  };
  const ops::Conv2dGeometry geometry("conv2d", {c.images, c.extent, c.extent, c.channels},
                                     {c.filters, c.kernel, c.kernel, c.channels},
                                     {.padding_begin = c.kernel / 2, .padding_end = c.kernel / 2});
  // Without tables they are products of integers; dense weight gradients, of floats.
  benchmark.limit = kernels::table::find(std::string(isa).c_str()) ? Limit::table : Limit::bytes;
  if (!inputs && ops::integer_levels::is_dense(geometry)) benchmark.limit = Limit::fma;
  if (benchmark.limit == Limit::table) benchmark.work *= bits;
  benchmark.run = [=, operands = std::make_shared<Gradient>()] {
    const Shape x{c.images, c.extent, c.extent, c.channels};
    const Shape w{c.filters, c.kernel, c.kernel, c.channels};
    if (operands->result.empty()) {
      operands->other = random_bits(inputs ? w : x, bits, 2);
      operands->g = random_gradient(geometry.result(), kGradientBits);
      operands->result = Tensor::uninitialized(inputs ? x : w);
    }
    if (inputs) {
      ops::integer_gradient::input_gradient(operands->g, operands->other, geometry, isa,
                                            operands->result);
    } else {
      ops::integer_gradient::weight_gradient(operands->other, operands->g, geometry, isa,
                                             operands->result);
    }
  };
  return benchmark;
}

/// int8 levels, of a grid with 1.4 bits on either side.
KernelBenchmark level_product(const Case& c) {
  KernelBenchmark benchmark = describe(c, "int8 levels", isa_name(active_isa()), {1.4, 1.4});
  benchmark.limit = Limit::bytes;
  struct Levels {
    IntTensor x, w, d;
  };
  const Shapes shapes(c);
  benchmark.run = [=, operands = std::make_shared<Levels>()] {
    const auto levels = [](const Shape& shape, uint32_t stream) {
      const Random random(1, stream, 0, Purpose::synthetic_data);
      IntTensor ints(shape, IntWidth::int8);
      for (int64_t i = 0; i < shape.size(); ++i) {
        ints.data<int8_t>()[i] = static_cast<int8_t>(random.below(i, 255) - 127);
      }
      return ints;
    };
    if (operands->x.size() == 0) {
      operands->x = levels(shapes.x, 1);
      operands->w = levels(shapes.w, 2);
    }
    operands->d = shapes.dense
                      ? ops::integer_linear(operands->x, operands->w)
                      : ops::integer_conv2d(operands->x, operands->w, shapes.geometry.options);
  };
  return benchmark;
}

KernelBenchmark float_product(const Case& c) {
  KernelBenchmark benchmark = describe(c, "float", isa_name(active_isa()), {32, 32});
  const Shapes shapes(c);
  benchmark.run = [=, operands = std::make_shared<Operands<Tensor>>()] {
    if (operands->x.empty()) {
      operands->x = decode(random_bits(shapes.x, 2, 1)).levels;
      operands->w = decode(random_bits(shapes.w, 2, 2)).levels;
    }
    operands->y = shapes.dense ? ops::linear_forward(operands->x, operands->w, nullptr)
                               : ops::conv2d_forward(operands->x, operands->w, nullptr,
                                                     shapes.geometry.options);
  };
  return benchmark;
}

}  // namespace

std::vector<KernelBenchmark> product_benchmarks() {
  std::vector<KernelBenchmark> benchmarks;
  for (const Case& c : kCases) {
    benchmarks.push_back(float_product(c));
    benchmarks.push_back(level_product(c));
    for (const Bits& bits : kBits) {
      for (const Isa isa : supported_isas()) {
        benchmarks.push_back(bit_product(c, bits, isa_name(isa)));
        const bool one_term = bits.weights == std::floor(bits.weights);
        if (one_term) benchmarks.push_back(integer_product(c, bits, isa_name(isa)));
      }
    }
    for (const Isa isa : supported_isas()) {
      const bool tables = kernels::table::find(std::string(isa_name(isa)).c_str()) != nullptr;
      if (!tables && isa != active_isa()) continue;
      benchmarks.push_back(gradient_product(c, GradientOf::inputs, 1, isa_name(isa)));
      const bool dense = c.extent * c.kernel == 1;
      if (dense && isa != active_isa()) continue;  // its weight gradient is that of the set in use
      benchmarks.push_back(gradient_product(c, GradientOf::weights, 1, isa_name(isa)));
      benchmarks.push_back(gradient_product(c, GradientOf::weights, 2, isa_name(isa)));
    }
  }
  return benchmarks;
}

std::vector<KernelBenchmark> kernel_benchmarks() {
  std::vector<KernelBenchmark> all = product_benchmarks();
  for (KernelBenchmark& pass : pass_benchmarks()) all.push_back(std::move(pass));
  return all;
}

}  // namespace fracbit
