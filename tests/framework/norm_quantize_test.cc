// Blocks' glue against single loops: values, codes and gradients; the same bits for integers and
// floats, for every number of threads.

#include "fracbit/framework/ops/norm_quantize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/gradient.h"
#include "norm_quantize_reference.h"
#include "support/catch.h"
#include "support/whole_numbers.h"

namespace {

using namespace fracbit;
using fracbit::testing::equal;
using fracbit::testing::GlueReference;
using ops::BlockActivation;
using ops::NormQuantize;
using ops::NormQuantizeInput;
using ops::NormQuantizeOptions;

constexpr uint64_t kSeed = 4711;

struct Draw {
  Random random{kSeed, 0, 0, Purpose::synthetic_data};
  int64_t next = 0;

  int64_t between(int64_t low, int64_t high) { return low + random.below(next++, high - low + 1); }
  double uniform(double low, double high) { return low + (high - low) * random.uniform(next++); }
  Tensor tensor(const Shape& shape, double low, double high) {
    Tensor made = Tensor::uninitialized(shape);
    for (real& v : made.span()) v = static_cast<real>(uniform(low, high));
    return made;
  }
};

/// A case over whole numbers with many ties; gamma of both signs, 0 in channel 1, a channel of
/// equal numbers, one scale per channel.
GlueReference whole_case(Draw& draw, const Shape& shape, const NormQuantizeOptions& options) {
  const int64_t channels = shape.back();
  GlueReference made;
  made.shape = shape;
  made.whole = true;
  made.options = options;
  const int64_t most = draw.between(1, 40);
  for (int64_t i = 0; i < shape.size(); ++i) {
    made.d.push_back(static_cast<double>(i % channels == 2 ? most : draw.between(-most, most)));
  }
  const Tensor a = draw.tensor({channels}, 0.01, 0.1);
  made.a.assign(a.span().begin(), a.span().end());
  made.gamma = draw.tensor({channels}, -1, 1);
  if (channels > 1) made.gamma[1] = 0;
  made.beta = draw.tensor({channels}, -0.3, 0.8);
  made.running_mean = draw.tensor({channels}, -0.1, 0.1);
  made.running_var = draw.tensor({channels}, 0.5, 2);
  return made;
}

Tensor scales_of(const GlueReference& reference) {
  Tensor a = Tensor::uninitialized(reference.gamma.shape());
  std::transform(reference.a.begin(), reference.a.end(), a.data(),
                 [](double v) { return static_cast<real>(v); });
  return a;
}

/// The three forms of whole numbers.
enum class Form { int16, int32, floats };

NormQuantizeInput input_of(const GlueReference& reference, Form form) {
  NormQuantizeInput input{Tensor(), scales_of(reference), true, 0};
  const auto size = static_cast<int64_t>(reference.d.size());
  const auto fill = [&](auto* to) {
    for (int64_t i = 0; i < size; ++i) {
      to[i] =
          static_cast<std::remove_reference_t<decltype(*to)>>(reference.d[static_cast<size_t>(i)]);
    }
  };
  if (form == Form::floats) {
    Tensor d = Tensor::uninitialized(reference.shape);
    fill(d.data());
    input.d = std::move(d);
  } else {
    IntTensor d(reference.shape, form == Form::int16 ? IntWidth::int16 : IntWidth::int32);
    form == Form::int16 ? fill(d.data<int16_t>()) : fill(d.data<int32_t>());
    input.d = std::move(d);
  }
  return input;
}

struct Run {
  NormQuantize::Output output;
  Tensor running_mean, running_var;
  NormQuantize::Gradients gradients;
};

Run run(const GlueReference& reference, NormQuantizeInput input, const Tensor& dout,
        const std::optional<ops::GradientBits>& codes = {}) {
  Run result{{}, reference.running_mean, reference.running_var, {}};
  auto made =
      NormQuantize::forward(std::move(input), reference.gamma, reference.beta, result.running_mean,
                            result.running_var, reference.options, reference.training);
  result.output = std::move(made.output);
  result.gradients = std::move(made.state).backward(dout, codes);
  return result;
}

std::vector<double> levels(const NormQuantize::Output& output) {
  if (const auto* reals = std::get_if<Tensor>(&output)) {
    return {reals->span().begin(), reals->span().end()};
  }
  const auto& packed = std::get<ScaledBits>(output);
  const Tensor decoded = decode(packed).levels;
  std::vector<double> codes(decoded.span().begin(), decoded.span().end());
  if (packed.bits.map().mul == 2) {
    for (double& v : codes) v = v > 0 ? 1 : 0;
  }
  return codes;
}

template <typename Numbers>
double distance(const std::vector<double>& expected, const Numbers& found) {
  double most = 0, size = 1e-30;
  for (size_t i = 0; i < expected.size(); ++i) {
    most = std::max(most, std::abs(expected[i] - static_cast<double>(found.data()[i])));
    size = std::max(size, std::abs(expected[i]));
  }
  return most / size;
}

struct Form2d {
  std::string name;
  Shape shape;
  std::optional<ops::PoolOptions> pool;
};

std::vector<Form2d> forms() {
  const ops::PoolOptions overlapping{
      .kernel = 3, .stride = 2, .padding_begin = 0, .padding_end = 1};
  return {{"dense", {37, 70}, {}},
          {"image", {3, 5, 7, 64}, {}},
          {"few channels", {3, 5, 4, 3}, {}},
          {"2x2", {3, 6, 10, 67}, ops::PoolOptions{}},
          {"2x2, odd image", {2, 5, 9, 130}, ops::PoolOptions{}},
          {"3x3", {2, 9, 7, 40}, overlapping}};
}

struct Activation {
  BlockActivation h;
  int bits;
  real window = std::numeric_limits<real>::infinity();
};

constexpr Activation kActivations[] = {
    {BlockActivation::identity, 32},   {BlockActivation::relu, 32},  {BlockActivation::clip01, 32},
    {BlockActivation::cabs, 32},       {BlockActivation::clip01, 1}, {BlockActivation::clip01, 2},
    {BlockActivation::clip01, 3},      {BlockActivation::clip01, 6}, {BlockActivation::cabs, 1},
    {BlockActivation::cabs, 2},        {BlockActivation::cabs, 5},   {BlockActivation::sign, 1},
    {BlockActivation::identity, 32, 1}};

template <typename Check>
void for_cases(Check check) {
  Draw draw;
  for (const Form2d& form : forms()) {
    for (const Activation& h : kActivations) {
      for (const bool pool_first : {false, true}) {
        if (pool_first && !form.pool) continue;
        for (const bool training : {true, false}) {
          CAPTURE(kSeed, form.name, static_cast<int>(h.h), h.bits, pool_first, training);
          GlueReference reference =
              whole_case(draw, form.shape, {{}, form.pool, pool_first, h.h, h.bits, h.window});
          reference.training = training;
          check(draw, reference);
        }
      }
    }
  }
}

TEST_CASE("a block's glue is batch norm, pool, activation and quantizer, to the bit") {
  for_cases([](Draw&, GlueReference& reference) {
    const GlueReference before = reference;
    reference.forward();
    for (const Form form : {Form::int16, Form::int32, Form::floats}) {
      Tensor mean = before.running_mean, var = before.running_var;
      const auto made = NormQuantize::forward(input_of(before, form), before.gamma, before.beta,
                                              mean, var, before.options, before.training);
      REQUIRE(levels(made.output) == reference.values);
      REQUIRE(std::equal(mean.data(), mean.data() + mean.size(), reference.running_mean.data()));
      REQUIRE(std::equal(var.data(), var.data() + var.size(), reference.running_var.data()));
    }
  });
}

TEST_CASE("gradients of a block's glue are those of its steps") {
  for_cases([](Draw& draw, GlueReference& reference) {
    const GlueReference before = reference;
    reference.forward();
    const Tensor dout = draw.tensor(reference.output, -1, 1);
    const GlueReference::Gradients expected = reference.backward(dout);
    const Run first = run(before, input_of(before, Form::int16), dout);
    CHECK(distance(expected.gamma, first.gradients.gamma) < 1e-5);
    CHECK(distance(expected.beta, first.gradients.beta) < 1e-5);
    CHECK(distance(expected.x, std::get<Tensor>(first.gradients.x)) < 1e-5);
    for (const Form form : {Form::int32, Form::floats}) {
      const Run other = run(before, input_of(before, form), dout);
      CHECK(equal(first.gradients.gamma, other.gradients.gamma));
      CHECK(equal(first.gradients.beta, other.gradients.beta));
      CHECK(equal(std::get<Tensor>(first.gradients.x), std::get<Tensor>(other.gradients.x)));
    }
  });
}

TEST_CASE("rows of a block's gradient are those of the whole") {
  for_cases([](Draw& draw, GlueReference& reference) {
    if (reference.shape.rank() != 4) return;
    const GlueReference before = reference;
    reference.forward();
    const Tensor dout = draw.tensor(reference.output, -1, 1);
    const Run whole = run(before, input_of(before, Form::floats), dout);
    Tensor mean = before.running_mean, var = before.running_var;
    auto made = NormQuantize::forward(input_of(before, Form::floats), before.gamma, before.beta,
                                      mean, var, before.options, before.training);
    const ops::NormQuantizeGradient gradient = std::move(made.state).gradient(dout);
    const ops::GradientRows rows = gradient.rows();
    const Shape& s = reference.shape;
    Tensor g = Tensor::zeros(s);
    for (int64_t n = 0; n < s[0]; ++n) {
      for (int64_t begin = 0; begin < s[1]; begin += rows.band) {
        real* room = g.data() + (n * s[1] + begin) * s[2] * s[3];
        REQUIRE(rows.rows(n, begin, std::min(s[1], begin + rows.band), room) == room);
      }
    }
    CHECK(equal(std::get<Tensor>(whole.gradients.x), g));
    CHECK(equal(whole.gradients.gamma, gradient.gamma));
    CHECK(equal(whole.gradients.beta, gradient.beta));
  });
}

TEST_CASE("a block's glue is the same where a forgotten D is made again as it is read") {
  for_cases([](Draw& draw, GlueReference& reference) {
    const GlueReference before = reference;
    reference.forward();
    const Tensor dout = draw.tensor(reference.output, -1, 1);
    const Run whole = run(before, input_of(before, Form::floats), dout);
    NormQuantizeInput input = input_of(before, Form::floats);
    const Tensor d = std::get<Tensor>(input.d);
    const ops::MakePixels again = [&](int64_t begin, int64_t end, real* to) {
      const int64_t channels = d.shape().back();
      std::copy_n(d.data() + begin * channels, (end - begin) * channels, to);
    };
    Tensor mean = before.running_mean, var = before.running_var;
    auto made = NormQuantize::forward(std::move(input), before.gamma, before.beta, mean, var,
                                      before.options, before.training);
    const bool own_pass =
        before.options.pool && (before.options.pool_first || before.options.pool->kernel != 2);
    REQUIRE(made.state.can_forget() == !own_pass);
    if (own_pass) return;
    made.state.forget();
    CHECK(levels(made.state.output(again)) == levels(whole.output));
    ops::NormQuantizeGradient gradient = std::move(made.state).gradient(dout, again);
    CHECK(equal(whole.gradients.gamma, gradient.gamma));
    CHECK(equal(whole.gradients.beta, gradient.beta));
    CHECK(equal(std::get<Tensor>(whole.gradients.x), std::move(gradient).floats()));
  });
}

TEST_CASE("gradient codes of a block are those of the gradient quantizer") {
  for_cases([](Draw& draw, GlueReference& reference) {
    const GlueReference before = reference;
    reference.forward();
    const Tensor dout = draw.tensor(reference.output, -1, 1);
    const Run floats = run(before, input_of(before, Form::int16), dout);
    const Tensor& g = std::get<Tensor>(floats.gradients.x);
    const int bits = static_cast<int>(draw.between(1, 8));
    const Random noise(kSeed, 3, 5, Purpose::gradient_noise);
    const ScaledLevels expected = quantize::GradientQuantizer(bits).simulate(g, noise);
    const Run coded =
        run(before, input_of(before, Form::int16), dout, ops::GradientBits{bits, noise});
    const auto& codes = std::get<GradientCodes>(coded.gradients.x);
    REQUIRE(codes.shape == g.shape());
    REQUIRE(codes.bits == bits);
    bool same = true;
    for (int64_t i = 0; i < g.size(); ++i) {
      same = same && expected.levels[i] == static_cast<real>(2 * codes.codes[i] - codes.top());
    }
    REQUIRE(same);
    for (int64_t n = 0; n < g.shape()[0]; ++n) REQUIRE(codes.scales[n] == expected.scales[n]);
  });
}

TEST_CASE("floats follow batch norm, its statistics and its gradients") {
  Draw draw;
  for (const Form2d& form : forms()) {
    for (const bool pool_first : {false, true}) {
      if (pool_first && !form.pool) continue;
      CAPTURE(kSeed, form.name, pool_first);
      GlueReference reference =
          whole_case(draw, form.shape, {{}, form.pool, pool_first, BlockActivation::relu, 32});
      reference.whole = false;
      std::fill(reference.a.begin(), reference.a.end(), 1.0);
      const Tensor d = draw.tensor(form.shape, -1, 3);
      reference.d.assign(d.span().begin(), d.span().end());
      const GlueReference before = reference;
      reference.forward();
      const Tensor dout = draw.tensor(reference.output, -1, 1);
      const GlueReference::Gradients expected = reference.backward(dout);
      const Run found = run(before, {d}, dout);
      CHECK(distance(reference.values, std::get<Tensor>(found.output)) < 1e-5);
      CHECK(distance(expected.gamma, found.gradients.gamma) < 1e-5);
      CHECK(distance(expected.beta, found.gradients.beta) < 1e-5);
      CHECK(distance(expected.x, std::get<Tensor>(found.gradients.x)) < 1e-5);
      for (int64_t c = 0; c < before.gamma.size(); ++c) {
        CHECK(found.running_mean[c] == Approx(reference.running_mean[c]));
        CHECK(found.running_var[c] == Approx(reference.running_var[c]));
      }
    }
  }
}

TEST_CASE("a block's glue gives the same bits on every number of threads") {
  Draw draw;
  const GlueReference reference = whole_case(
      draw, {9, 16, 16, 128}, {{}, ops::PoolOptions{}, false, BlockActivation::clip01, 2});
  const Tensor dout = draw.tensor({9, 8, 8, 128}, -1, 1);
  const ops::GradientBits codes{6, Random(kSeed, 1, 1, Purpose::gradient_noise)};
  set_threads(1);
  const Run first = run(reference, input_of(reference, Form::int16), dout, codes);
  for (const int count : {2, 3, 8}) {
    CAPTURE(kSeed, count);
    set_threads(count);
    const Run other = run(reference, input_of(reference, Form::int16), dout, codes);
    CHECK(std::get<ScaledBits>(other.output).bits == std::get<ScaledBits>(first.output).bits);
    CHECK(equal(other.gradients.gamma, first.gradients.gamma));
    CHECK(equal(other.gradients.beta, first.gradients.beta));
    const auto& a = std::get<GradientCodes>(other.gradients.x);
    const auto& b = std::get<GradientCodes>(first.gradients.x);
    CHECK(a.codes == b.codes);
    CHECK(equal(a.scales, b.scales));
  }
  set_threads(0);
}

TEST_CASE("a block's glue refuses shapes and settings that do not fit") {
  Draw draw;
  const GlueReference good = whole_case(draw, {2, 4, 4, 8}, {});
  const Tensor seven = Tensor::zeros({7}), eight = Tensor::full({8}, 1);
  const auto attempt = [&](const Shape& shape, const NormQuantizeOptions& options,
                           const std::array<Tensor, 5>& of) {
    Tensor mean = of[2], var = of[3];
    NormQuantize::forward({Tensor::zeros(shape), of[4]}, of[0], of[1], mean, var, options, true);
  };
  const std::array<Tensor, 5> fits{eight, eight, eight, eight, eight};
  REQUIRE_NOTHROW(attempt({2, 4, 4, 8}, {}, fits));
  for (size_t i = 0; i < fits.size(); ++i) {
    std::array<Tensor, 5> bad = fits;
    bad[i] = seven;
    REQUIRE_THROWS_AS(attempt({2, 4, 4, 8}, {}, bad), ShapeError);
  }
  REQUIRE_THROWS_AS(attempt({8}, {}, fits), ShapeError);
  REQUIRE_THROWS_AS(attempt({1, 8}, {}, fits), ShapeError);
  REQUIRE_THROWS_AS(attempt({2, 8}, {.pool = ops::PoolOptions{}}, fits), ShapeError);
  REQUIRE_THROWS_AS(attempt({2, 8}, {.norm = {.eps = 0}}, fits), ConfigError);
  REQUIRE_THROWS_AS(attempt({2, 8}, {.norm = {.momentum = 2}}, fits), ConfigError);
  REQUIRE_THROWS_AS(attempt({2, 8}, {.bits = 2}, fits), ConfigError);
  REQUIRE_THROWS_AS(attempt({2, 8}, {.activation = BlockActivation::sign}, fits), ConfigError);
  REQUIRE_THROWS_AS(attempt({2, 8}, {.activation = BlockActivation::clip01, .bits = 9}, fits),
                    ConfigError);
  const Random noise(1, 1, 1, Purpose::gradient_noise);
  REQUIRE_THROWS_AS(run(good, input_of(good, Form::int16), Tensor::zeros({2, 4, 4, 7})),
                    ShapeError);
  for (const int bits : {0, 9}) {
    REQUIRE_THROWS_AS(run(good, input_of(good, Form::int16), Tensor::zeros(good.shape),
                          ops::GradientBits{bits, noise}),
                      ConfigError);
  }
}

}  // namespace
