// Laws of every member of the catalogue, at every width and with every option.

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/random.h"
#include "fracbit/quantize/quantize.h"
#include "support/catch.h"
#include "vectors.h"

namespace fracbit::tests {
namespace {

using quantize::Mode;
using quantize::Quantizer;
using quantize::Spec;

constexpr uint64_t kSeed = 11;

/// How to make one quantizer, and what to call it.
struct Subject {
  std::string name;
  Spec spec;
  bool weights;

  std::unique_ptr<Quantizer> make() const {
    const quantize::Scheme& scheme = quantize::find(spec.scheme);
    auto quantizer = weights ? scheme.weights(spec) : scheme.activations(spec);
    quantizer->set_random(kSeed, 3, 0);
    return quantizer;
  }
};

bool reads(const quantize::Scheme& scheme, std::string_view option) {
  return scheme.options.find(option) != std::string_view::npos;
}

/// The spec with each choice of each option that the scheme reads, one at a time.
std::vector<std::pair<std::string, Spec>> variants(const quantize::Scheme& scheme) {
  Spec base;
  base.scheme = scheme.name;
  if (reads(scheme, "level-grid")) base.level_grid = "float";
  std::vector<std::pair<std::string, Spec>> all = {{"", base}};
  const auto add = [&](std::string_view option, std::string_view choice, auto set) {
    if (!reads(scheme, option)) return;
    Spec spec = base;
    set(spec);
    all.emplace_back(" " + std::string(choice), spec);
  };
  add("activation", "cabs", [](Spec& s) { s.activation = "cabs"; });
  add("max-gradient", "detached", [](Spec& s) { s.max_gradient = "detached"; });
  for (const char* heuristic : {"top-down", "bottom-up", "random"}) {
    add("bit-heuristic", heuristic, [&](Spec& s) { s.bit_heuristic = heuristic; });
  }
  add("scope", "filter", [](Spec& s) { s.scope = quantize::Scope::filter; });
  add("mask-refresh", "refresh 3", [](Spec& s) { s.mask_refresh = 3; });
  add("bwn-gradient", "identity", [](Spec& s) { s.bwn_gradient = "identity"; });
  add("ste-window", "window bits", [](Spec& s) { s.ste_window = "bits"; });
  add("ste-window", "window none", [](Spec& s) { s.ste_window = "none"; });
  add("level-grid", "int8", [](Spec& s) { s.level_grid = "int8"; });
  add("level-grid", "int10", [](Spec& s) { s.level_grid = "int10"; });
  add("bit-granularity", "word", [](Spec& s) { s.bit_granularity = "word"; });
  add("bit-granularity", "filter", [](Spec& s) { s.bit_granularity = "filter"; });
  add("act-scales", "running scales", [](Spec& s) { s.act_scales = "running"; });
  add("act-mask", "mask of channels", [](Spec& s) { s.act_mask = "channel"; });
  if (reads(scheme, "act-mask")) {
    Spec channels = base;
    channels.act_mask = "channel";
    channels.level_grid = "int8";
    channels.ste_window = "bits";
    all.emplace_back(" int8 mask of channels window bits", channels);
    channels.bit_heuristic = "random";
    all.emplace_back(" int8 random mask of channels", channels);
  }
  if (reads(scheme, "level-grid")) {
    Spec filters = base;
    filters.scope = quantize::Scope::filter;
    filters.level_grid = "int8";
    filters.bit_granularity = "word";
    all.emplace_back(" int8 word scope filter", filters);
  }
  return all;
}

/// Adds the quantizers of a spec at a width, if the scheme takes it.
void add_width(const std::string& name, Spec spec, double bits, std::vector<Subject>& all) {
  for (const bool weights : {true, false}) {
    spec.weight_bits = weights ? bits : 32;
    spec.act_bits = weights ? 32 : bits;
    try {
      const Spec full = quantize::resolved(spec);
      all.push_back(
          {name + (weights ? " weights " : " activations ") + std::to_string(bits), full, weights});
    } catch (const ConfigError&) {
      // Another scheme takes this width.
    }
  }
}

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = [] {
    std::vector<Subject> made;
    for (const quantize::Scheme* scheme : quantize::schemes()) {
      for (const auto& [name, spec] : variants(*scheme)) {
        for (double bits : {1.0, 1.2, 1.4, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 8.0}) {
          add_width(std::string(scheme->name) + name, spec, bits, made);
        }
      }
    }
    return made;
  }();
  return all;
}

Tensor normal(const Shape& shape, uint32_t stream) {
  Tensor x = Tensor::uninitialized(shape);
  const Random random(kSeed, stream, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<real>(0.8 * random.normal(i));
  return x;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         std::equal(a.span().begin(), a.span().end(), b.span().begin(),
                    [](real p, real q) { return p == q || (std::isnan(p) && std::isnan(q)); });
}

/// The integers and scales of the third face are the levels and scales of the first.
void check_ints(const ScaledInts& ints, const ScaledLevels& fake, int grid) {
  CHECK(ints.ints.shape() == fake.levels.shape());
  CHECK(ints.ints.width() == width_for(grid));
  CHECK(same_bits(ints.scales, fake.scales));
  bool equal = true;
  for (int64_t i = 0; i < ints.ints.size(); ++i) {
    const int32_t level = ints.ints.at(i);
    equal = equal && static_cast<real>(level) == fake.levels[i] && std::abs(level) <= grid;
  }
  CHECK(equal);
}

void check_faces_agree(const Subject& subject, const Tensor& x) {
  INFO(subject.name << ", x " << x.shape());
  const auto floats = subject.make();
  const auto packed = subject.make();
  const auto ints = subject.make();
  for (const Mode mode : {Mode::train, Mode::infer, Mode::train, Mode::infer}) {
    const ScaledLevels fake = floats->simulate(x, mode);
    const ScaledLevels decoded = decode(packed->encode(x, mode));
    CHECK(same_bits(decoded.levels, fake.levels));
    CHECK(same_bits(decoded.scales, fake.scales));
    if (ints->grid() > 0) {
      check_ints(ints->encode_ints(x, mode), fake, ints->grid());
    } else {
      CHECK_THROWS_AS(ints->encode_ints(x, mode), ConfigError);
    }
  }
}

TEST_CASE("there are quantizers of weights and activations to check") {
  CHECK(subjects().size() > 100);
}

TEST_CASE("decoding what was encoded gives the float simulation, exactly") {
  INFO("seed " << kSeed);
  for (const Subject& subject : subjects()) {
    uint32_t stream = 0;
    for (const Shape& shape : {Shape{2, 3, 3, 70}, Shape{5, 64}, Shape{3, 1}, Shape{4, 2, 2, 3}}) {
      check_faces_agree(subject, normal(shape, ++stream));
    }
  }
}

TEST_CASE("one element, none, zeros, denormals, infinities and NaN are taken") {
  const real tiny = std::numeric_limits<real>::denorm_min();
  const real huge = std::numeric_limits<real>::infinity();
  const real nan = std::numeric_limits<real>::quiet_NaN();
  for (const Subject& subject : subjects()) {
    INFO(subject.name);
    check_faces_agree(subject, Tensor::full({1, 1}, static_cast<real>(-0.3)));
    check_faces_agree(subject, Tensor::zeros({0, 4}));
    check_faces_agree(subject, Tensor::zeros({3, 66}));
    check_faces_agree(subject, Tensor::from({2, 2}, {tiny, -tiny, 3 * tiny, 0}));
    // What comes out is unspecified, but must come out.
    const auto quantizer = subject.make();
    const Tensor odd = Tensor::from({2, 3}, {nan, huge, -huge, 1, nan, -1});
    CHECK(quantizer->simulate(odd, Mode::train).levels.size() == 6);
    CHECK(quantizer->encode(odd, Mode::train).bits.shape() == odd.shape());
    if (quantizer->grid() > 0) CHECK(quantizer->encode_ints(odd, Mode::train).ints.size() == 6);
    CHECK(quantizer->backward(odd, odd).size() == 6);
  }
}

TEST_CASE("an all-zero tensor has finite values") {
  for (const Subject& subject : subjects()) {
    INFO(subject.name);
    const Tensor q = values(subject.make()->simulate(Tensor::zeros({2, 5}), Mode::train));
    for (real value : q.span()) CHECK(std::isfinite(value));
  }
}

TEST_CASE("an element takes no more values than declared") {
  const Tensor x = normal({1, 40, 100}, 7);
  for (const Subject& subject : subjects()) {
    INFO(subject.name);
    const auto quantizer = subject.make();
    const Tensor q = values(quantizer->encode(x, Mode::train));
    const std::set<real> distinct(q.span().begin(), q.span().end());
    CHECK(static_cast<int>(distinct.size()) <= quantizer->max_levels());
    CHECK(distinct.size() >= 2);
  }
}

TEST_CASE("inference depends on the input and the stored state alone") {
  const Tensor first = normal({3, 4, 65}, 1);
  const Tensor second = normal({2, 4, 65}, 2);
  for (const Subject& subject : subjects()) {
    INFO(subject.name);
    const auto quantizer = subject.make();
    quantizer->simulate(first, Mode::train);
    quantizer->simulate(second, Mode::train);
    std::vector<Tensor> before;
    for (const auto& state : quantizer->state()) before.push_back(*state.value);
    const Tensor once = values(quantizer->simulate(first, Mode::infer));
    quantizer->encode(second, Mode::infer);
    CHECK(same_bits(values(quantizer->simulate(first, Mode::infer)), once));
    for (size_t i = 0; i < before.size(); ++i) {
      CHECK(same_bits(*quantizer->state()[i].value, before[i]));
    }
  }
}

TEST_CASE("a quantizer goes on from its state as if it had never stopped") {
  for (const Subject& subject : subjects()) {
    INFO(subject.name);
    const auto running = subject.make();
    const Shape shape{3, 2, 66};
    for (uint32_t step = 0; step < 2; ++step) running->encode(normal(shape, step), Mode::train);
    const auto resumed = subject.make();
    resumed->prepare(shape);
    for (size_t i = 0; i < running->state().size(); ++i) {
      const auto from = running->state()[i];
      const auto to = resumed->state()[i];
      CHECK(to.name == from.name);
      CHECK(to.value->shape() == from.value->shape());
      *to.value = *from.value;
    }
    for (uint32_t step = 2; step < 6; ++step) {
      const Tensor x = normal(shape, step);
      CHECK(resumed->encode(x, Mode::train).bits == running->encode(x, Mode::train).bits);
    }
    const Tensor x = normal(shape, 9);
    CHECK(same_bits(values(resumed->simulate(x, Mode::infer)),
                    values(running->simulate(x, Mode::infer))));
  }
}

/// Everything a quantizer computes from x.
struct Results {
  ScaledLevels levels;
  ScaledBits bits;
  Tensor dx;
};

Results results(const Subject& subject, const Tensor& x, const Tensor& dy, int threads_used) {
  set_threads(threads_used);
  const auto quantizer = subject.make();
  Results all;
  all.levels = quantizer->simulate(x, Mode::train);
  all.bits = quantizer->encode(x, Mode::train);
  all.dx = quantizer->backward(x, dy);
  set_threads(0);
  return all;
}

TEST_CASE("the number of threads changes no bit") {
  const Tensor x = normal({3, 12, 40, 65}, 4);
  const Tensor dy = normal(x.shape(), 5);
  for (const Subject& subject : subjects()) {
    const double bits = subject.weights ? subject.spec.weight_bits : subject.spec.act_bits;
    if (bits != 1 && bits != 1.4 && bits != 2) continue;  // other widths run the same loops
    INFO(subject.name);
    const Results one = results(subject, x, dy, 1);
    for (int count : {2, 3, 8}) {
      const Results many = results(subject, x, dy, count);
      CHECK(same_bits(many.levels.levels, one.levels.levels));
      CHECK(same_bits(many.levels.scales, one.levels.scales));
      CHECK(many.bits.bits == one.bits.bits);
      CHECK(same_bits(many.bits.scales, one.bits.scales));
      CHECK(same_bits(many.dx, one.dx));
    }
  }
}

TEST_CASE("a larger value never gets a lower level, where a staircase is meant") {
  Tensor x = normal({1, 500}, 8);
  std::sort(x.span().begin(), x.span().end());
  int checked = 0;
  for (const Subject& subject : subjects()) {
    const std::string& scheme = subject.spec.scheme;
    const bool stairs =
        scheme == "bnn" || scheme == "bwn" ||
        (scheme == "dorefa" && (subject.weights || subject.spec.activation != "cabs"));
    if (!stairs) continue;
    INFO(subject.name);
    const Tensor q = values(subject.make()->encode(x, Mode::train));
    CHECK(std::is_sorted(q.span().begin(), q.span().end()));
    ++checked;
  }
  CHECK(checked > 10);
}

TEST_CASE("quantizing quantized values changes nothing, where no scale is fitted") {
  const Tensor x = normal({2, 300}, 9);
  int checked = 0;
  for (const Subject& subject : subjects()) {
    const bool fixed =
        subject.spec.scheme == "bnn" || (subject.spec.scheme == "dorefa" && !subject.weights);
    if (!fixed) continue;
    INFO(subject.name);
    const auto quantizer = subject.make();
    const Tensor once = values(quantizer->encode(x, Mode::train));
    CHECK(same_bits(values(quantizer->encode(once, Mode::train)), once));
    ++checked;
  }
  CHECK(checked > 5);
}

TEST_CASE("gradients of another shape than the input are refused") {
  for (const Subject& subject : subjects()) {
    INFO(subject.name);
    CHECK_THROWS_AS(subject.make()->backward(Tensor::zeros({2, 3}), Tensor::zeros({3, 2})),
                    ShapeError);
  }
}

TEST_CASE("what is stored is at least the nominal bits") {
  for (const Subject& subject : subjects()) {
    INFO(subject.name);
    const auto quantizer = subject.make();
    CHECK(quantizer->bits() ==
          Approx(subject.weights ? subject.spec.weight_bits : subject.spec.act_bits));
    CHECK(quantizer->stored_bits() >= quantizer->bits());
    CHECK(quantizer->max_levels() >= 2);
    const bool grid = quantizer->grid() > 1;  // stores mu; steps follow from it
    if (subject.weights && !grid) {
      const int64_t groups = static_cast<int64_t>(quantizer->stored_scales(16));
      CHECK(groups == static_cast<int64_t>(
                          quantizer->encode(normal({16, 40}, 1), Mode::train).scales.size()) *
                          (subject.spec.scheme == "bnn" ? 0 : 1));
    }
  }
}

}  // namespace
}  // namespace fracbit::tests
