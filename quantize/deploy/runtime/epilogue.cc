#include "fracbit/quantize/deploy/runtime/epilogue.h"

#include <algorithm>
#include <limits>
#include <string>

#include "fracbit/framework/kernels/norm/norm.h"
#include "fracbit/quantize/deploy/fold.h"

namespace fracbit::deploy::runtime {
namespace {

namespace norm = kernels::norm;

constexpr int64_t kWord = 64;

/// h; its gradient window is not used.
norm::Activation activation_of(Activation h) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (h) {
    case Activation::relu:
      return {false, 0, kInfinity, 0, 0};
    case Activation::clip01:
      return {false, 0, 1, 0, 0};
    case Activation::cabs:
      return {true, 0, 1, 0, 0};
    case Activation::hard_tanh:
      return {false, -1, 1, 0, 0};
    default:
      return {false, -kInfinity, kInfinity, 0, 0};
  }
}

/// The larger number, where `falls` the smaller one.
template <typename T>
T winner(T a, T b, bool falls) {
  return falls ? (b < a ? b : a) : (b > a ? b : a);
}

/// Planes of codes, 64 channels at a time.
void pack_words(const uint16_t* codes, int64_t pixels, const Layout& layout, uint64_t* rows) {
  const int64_t channels = layout.value.channels;
  const int64_t words = layout.words_per_plane();
  for (int64_t p = 0; p < pixels; ++p, codes += channels, rows += layout.planes() * words) {
    for (int64_t first = 0; first < channels; first += kWord) {
      const int64_t count = std::min(kWord, channels - first);
      for (int plane = 0; plane < layout.planes(); ++plane) {
        uint64_t word = 0;
        for (int64_t c = 0; c < count; ++c) {
          word |= uint64_t{static_cast<uint64_t>(codes[first + c]) >> plane & 1u} << c;
        }
        rows[plane * words + first / kWord] = word;
      }
    }
  }
}

}  // namespace

template <typename T>
Epilogue::Steps<T> Epilogue::make_steps(const Thresholds& t) const {
  using Limits = std::numeric_limits<T>;
  constexpr bool kReal = !Limits::is_integer;
  const auto& above = [&]() -> const auto& {
    if constexpr (kReal)
      return t.above_real;
    else
      return t.above;
  }
  ();
  const auto& below = [&]() -> const auto& {
    if constexpr (kReal)
      return t.below_real;
    else
      return t.below;
  }
  ();
  const int64_t stride = ceil_div(filters_, kWord) * kWord;
  const auto size = static_cast<size_t>(t.count * stride);
  Steps<T> steps;
  steps.above.assign(size, kReal ? Limits::infinity() : Limits::max());
  if (!below.empty()) steps.below.assign(size, kReal ? -Limits::infinity() : Limits::lowest());
  for (int64_t f = 0; f < filters_; ++f) {
    for (int64_t j = 0; j < t.count; ++j) {
      const auto from = static_cast<size_t>(f * t.count + j);
      const auto to = static_cast<size_t>(j * stride + f);
      steps.above[to] = static_cast<T>(above[from]);
      if (!below.empty()) steps.below[to] = static_cast<T>(below[from]);
    }
  }
  return steps;
}

void Epilogue::set_steps(const Thresholds& t, SumType type) {
  top_ = t.count;
  for (size_t f = 0; f < static_cast<size_t>(filters_); ++f) {
    slope_[f] = t.descending[f] != 0 ? -1.0F : 1.0F;
  }
  switch (type) {
    case SumType::int16:
      steps_ = make_steps<int16_t>(t);
      break;
    case SumType::int32:
      steps_ = make_steps<int32_t>(t);
      break;
    case SumType::real:
      steps_ = make_steps<float>(t);
  }
}

Epilogue::Epilogue(const Block& block, const Value& x, SumType type, const Layout& out,
                   std::string_view isa)
    : kernels_(norm::find(std::string(isa).c_str())),
      output_(block.output),
      window_(block.window),
      layout_(out),
      filters_(block.weights.filters),
      slope_(block.slope),
      offset_(block.offset),
      terms_(block.output, out, kernels_) {
  const auto padded = static_cast<size_t>(ceil_div(filters_, kWord) * kWord);
  slope_.resize(static_cast<size_t>(filters_), 1.0F);
  offset_.resize(static_cast<size_t>(filters_));
  const int64_t largest = largest_sum(block, x);
  const Thresholds thresholds = block.thresholds.count == 0 && folds(output_)
                                    ? fold(output_, slope_, offset_, largest)
                                    : block.thresholds;
  slope_.resize(padded);
  offset_.resize(padded);
  if (thresholds.count > 0) set_steps(thresholds, type);
}

int64_t Epilogue::scratch_bytes(int64_t columns) const {
  // Rows of pooled sums, of reals and of codes.
  return 3 * ceil_div(columns * filters_ * 4, 64) * 64;
}

template <typename T>
void Epilogue::pool_row(const T* d, int64_t row, int64_t columns, T* out) const {
  if (window_.size == 2 && window_.stride == 2 && window_.before_norm) {
    return norm::passes<T>(kernels_).pool({d, row, columns, filters_}, out);
  }
  for (int64_t j = 0; j < columns; ++j, out += filters_) {
    const T* first = d + j * window_.stride * filters_;
    std::copy_n(first, filters_, out);
    for (int64_t u = 0; u < window_.size; ++u) {
      for (int64_t v = 0; v < window_.size; ++v) {
        const T* pixel = first + u * row + v * filters_;
        for (int64_t f = 0; f < filters_; ++f) {
          const bool falls = !window_.before_norm && slope_[static_cast<size_t>(f)] < 0;
          out[f] = winner(out[f], pixel[f], falls);
        }
      }
    }
  }
}

template <typename T>
void Epilogue::row(const T* d, int64_t below, const Results& results, std::byte* out,
                   std::byte* scratch) const {
  const norm::Run<T> run{d, below, results.columns, filters_};
  const norm::Passes<T>& passes = norm::passes<T>(kernels_);
  if (const auto* steps = std::get_if<Steps<T>>(&steps_)) {
    const int64_t stride = ceil_div(filters_, kWord) * kWord;
    const T* two_sided = steps->below.empty() ? nullptr : steps->below.data();
    return passes.bits(
        run, {steps->above.data(), two_sided, slope_.data(), stride, top_, layout_.planes()},
        reinterpret_cast<uint64_t*>(out));
  }
  const bool floats = output_.form == Form::floats;
  auto* y = reinterpret_cast<float*>(floats ? out : scratch);
  passes.values(run, {slope_.data(), offset_.data()}, activation_of(output_.activation), y);
  if (output_.form == Form::codes) {
    auto* codes = reinterpret_cast<uint16_t*>(scratch + scratch_bytes(results.columns) / 3);
    kernels_.codes(y, results.columns * filters_, layout_.value.top, codes);
    pack_words(codes, results.columns, layout_, reinterpret_cast<uint64_t*>(out));
  } else if (!floats) {
    terms_.encode(y, results.columns, out);
  }
}

template <typename T>
void Epilogue::apply(const Sums<T>& sums, const Results& results, std::byte* scratch) const {
  const bool pairs = window_.size == 2 && window_.stride == 2 && !window_.before_norm;
  auto* pooled = reinterpret_cast<T*>(scratch);
  std::byte* rest = scratch + scratch_bytes(results.columns) / 3;
  for (int64_t i = 0; i < results.rows; ++i) {
    std::byte* out = results.out + i * results.out_row;
    if (window_.size == 0) {
      row(sums.data + i * sums.row, 0, results, out, rest);
    } else if (pairs) {
      row(sums.data + 2 * i * sums.row, sums.row, results, out, rest);
    } else {
      pool_row(sums.data + i * window_.stride * sums.row, sums.row, results.columns, pooled);
      row(pooled, 0, results, out, rest);
    }
  }
}

template void Epilogue::apply(const Sums<int16_t>&, const Results&, std::byte*) const;
template void Epilogue::apply(const Sums<int32_t>&, const Results&, std::byte*) const;
template void Epilogue::apply(const Sums<float>&, const Results&, std::byte*) const;

}  // namespace fracbit::deploy::runtime
