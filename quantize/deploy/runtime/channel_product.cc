#include <algorithm>
#include <bit>
#include <vector>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"
#include "fracbit/quantize/deploy/format/checks.h"
#include "fracbit/quantize/deploy/runtime/border.h"
#include "fracbit/quantize/deploy/runtime/product.h"
#include "fracbit/quantize/deploy/runtime/scratch.h"
#include "fracbit/quantize/deploy/runtime/term_scales.h"

namespace fracbit::deploy::runtime {
namespace {

namespace bitgemm = kernels::bitgemm;

constexpr int64_t kWord = 64;

int terms_of(const Weights& w) {
  return w.coding == Coding::residual ? w.bits : 1;
}

/// Words of signs and masks of 16 filters: [tap][word][filter].
struct Planes {
  std::vector<uint64_t> signs, masks;
};

/// Inputs whose widths are those of their channels (Layout::order): term m is signs of the first
/// channels, so the mask of each pair of terms is a constant of the weights:
///   D[n][m] = pc(V) - 2 pc((w ^ x) & V),  V = mask of w under the channels of m
/// For each pair and block of 16 filters only words with bits of V are read, and V itself only
/// where it leaves out some of the channels.
class ChannelProduct : public Product {
 public:
  ChannelProduct(const Block& block, const Layout& in, std::string_view isa);

  std::string name() const override { return name_; }
  SumType type() const override { return SumType::real; }
  int64_t scratch_bytes(int64_t lines) const override {
    const int64_t count = lines * frame().line_pixels();
    return scratch_bytes_of<int64_t>(count) + scratch_bytes_of<int32_t>(count);
  }
  void run(const Part& part) const noexcept override;

 private:
  /// The words of one pair of terms and 16 filters: where they are in a window, their signs, and
  /// their masks if these are read.
  struct Run {
    int64_t count = 0;
    bool masked = false;
    size_t at = 0, words = 0;
  };

  void read_planes(const Weights& w, int64_t first, int n, Planes& planes) const;
  void add_run(const Planes& planes, int64_t count, size_t m);

  const bitgemm::Kernels& kernels_;
  int w_terms_;
  TermScales scales_;
  std::string name_;
  Border border_;
  std::vector<int32_t> place_;       ///< of each channel, in falling order of widths
  std::vector<int64_t> first_word_;  ///< of each term's plane in a pixel
  std::vector<Run> runs_;            ///< [block][n][m]
  std::vector<int64_t> at_;
  std::vector<uint64_t> words_;
  std::vector<float> w_scales_;  ///< [block][n][16]
  std::vector<int32_t> terms_;   ///< [block][n][m][class][16]
};

ChannelProduct::ChannelProduct(const Block& block, const Layout& in, std::string_view isa)
    : Product(Frame(block, in)),
      kernels_(bit_kernels(isa)),
      w_terms_(terms_of(block.weights)),
      scales_(block.weights, in.value, w_terms_, in.value.bits),
      name_("residual " + std::to_string(block.weights.bits) + "x" + std::to_string(in.value.bits) +
            " by channel popcount (" + kernels_.name + ")"),
      border_(border_of(frame())),
      place_(in.order.size()) {
  for (size_t p = 0; p < in.order.size(); ++p) {
    place_[static_cast<size_t>(in.order[p])] = static_cast<int32_t>(p);
  }
  int64_t words = 0;
  for (const int64_t count : in.counts) {
    first_word_.push_back(words);
    words += ceil_div(count, kWord);
  }
  const Weights& w = block.weights;
  Planes planes;
  for (int64_t first = 0; first < w.filters; first += kBlock) {
    w_scales_.resize(static_cast<size_t>((first + kBlock) * w_terms_));
    scales_.weights(first, std::min(kBlock, w.filters - first),
                    w_scales_.data() + first * w_terms_);
    for (int n = 0; n < w_terms_; ++n) {
      read_planes(w, first, n, planes);
      for (size_t m = 0; m < in.counts.size(); ++m) {
        add_run(planes, std::min(kBlock, w.filters - first), m);
      }
    }
  }
}

/// Term n of the filters from `first` on, with channels in the order of the input.
void ChannelProduct::read_planes(const Weights& w, int64_t first, int n, Planes& planes) const {
  const int64_t words = w.words_per_plane();
  const auto size = static_cast<size_t>(w.taps() * words * kBlock);
  planes.signs.assign(size, 0);
  planes.masks.assign(size, 0);
  for (int64_t f = 0; f < std::min(kBlock, w.filters - first); ++f) {
    for (int64_t i = 0; i < w.taps() * words; ++i) {
      const int64_t tap = i / words, word = i % words;
      const uint64_t* row = w.row(first + f, tap) + word;
      const uint64_t all = ~uint64_t{0} >> (kWord - std::min(kWord, w.channels - word * kWord));
      const bool codes = w.coding == Coding::codes;
      const uint64_t signs = row[codes ? 0 : 2 * n * words];
      for (uint64_t left = codes ? all : row[(2 * n + 1) * words]; left != 0; left &= left - 1) {
        const int bit = std::countr_zero(left);
        const int64_t place = place_[static_cast<size_t>(word * kWord + bit)];
        const auto to = static_cast<size_t>((tap * words + place / kWord) * kBlock + f);
        planes.signs[to] |= (signs >> bit & 1) << (place % kWord);
        planes.masks[to] |= uint64_t{1} << (place % kWord);
      }
    }
  }
}

void ChannelProduct::add_run(const Planes& planes, int64_t count, size_t m) {
  const Layout& in = frame().in;
  const int64_t words = in.words_per_plane(), channels = in.counts[m];
  const auto taps = frame().taps();
  std::vector<int32_t> inside(static_cast<size_t>(taps * kBlock)), outside(inside.size());
  std::vector<uint64_t> masks;
  Run run{0, false, at_.size(), words_.size()};
  for (int64_t i = 0; i < taps * words; ++i) {
    const int64_t tap = i / words, word = i % words, left = channels - word * kWord;
    if (left <= 0) continue;
    const uint64_t all = ~uint64_t{0} >> (kWord - std::min(kWord, left));
    const auto from = static_cast<size_t>(i * kBlock);
    uint64_t any = 0, each = all;
    for (size_t f = 0; f < static_cast<size_t>(count); ++f) {
      any |= planes.masks[from + f] & all;
      each &= planes.masks[from + f];
    }
    if (any == 0) continue;
    run.masked = run.masked || each != all;
    ++run.count;
    at_.push_back(tap / frame().kernel_width * (in.row_bytes() / 8) +
                  tap % frame().kernel_width * (in.pixel_bytes() / 8) + first_word_[m] + word);
    for (size_t f = 0; f < kBlock; ++f) {
      const uint64_t sign = planes.signs[from + f] & all, mask = planes.masks[from + f] & all;
      words_.push_back(sign);
      masks.push_back(mask);
      inside[static_cast<size_t>(tap) * kBlock + f] += std::popcount(mask);
      outside[static_cast<size_t>(tap) * kBlock + f] += 2 * std::popcount(sign);
    }
  }
  if (run.masked) words_.insert(words_.end(), masks.begin(), masks.end());
  runs_.push_back(run);
  append_classes(border_, taps, inside, outside, terms_);
}

void ChannelProduct::run(const Part& part) const noexcept {
  const Frame& f = frame();
  Scratch scratch(part.scratch);
  const int64_t columns = f.line_pixels(), pixels = part.lines * columns;
  auto* windows = scratch.take<int64_t>(pixels);
  auto* classes = scratch.take<int32_t>(pixels);
  const int64_t line = f.dense ? f.in.bytes() / 8 : f.stride * f.in.row_bytes() / 8;
  const int64_t step = f.stride * f.in.pixel_bytes() / 8;
  for (int64_t p = 0; p < pixels; ++p) windows[p] = p / columns * line + p % columns * step;
  set_classes(f, border_, part, classes);
  bitgemm::TermPair pairs[kMostTerms * kMostTerms];
  bitgemm::TermProduct product{};
  product.x = reinterpret_cast<const uint64_t*>(part.in + part.first * f.stride * f.in.row_bytes());
  product.window = windows;
  product.pixel_class = classes;
  product.pixels = pixels;
  product.pairs = pairs;
  product.w_terms = w_terms_;
  product.x_terms = f.in.value.bits;
  product.x_scale = scales_.inputs();
  product.y_step = f.filters;
  for (int64_t filter = part.begin; filter < part.end; filter += kBlock) {
    const int64_t count = std::min(kBlock, f.filters - filter);
    product.w_scale = w_scales_.data() + filter * w_terms_;
    for (int64_t i = 0; i < scales_.products(); ++i) {
      const int64_t at = filter / kBlock * scales_.products() + i;
      const Run& run = runs_[static_cast<size_t>(at)];
      pairs[i] = {at_.data() + run.at, run.count, words_.data() + run.words, run.masked,
                  terms_.data() + at * border_.classes() * kBlock};
    }
    product.y = static_cast<float*>(part.sums) + filter;
    product.filters = static_cast<int>(count);
    kernels_.terms(product);
  }
}

}  // namespace

bool takes_ordered_channels(const Block& block, const Value& x) {
  const Weights& w = block.weights;
  return x.bits > 1 && !x.widths.empty() && block.groups == 1 &&
         (w.coding == Coding::residual || (w.coding == Coding::codes && w.bits == 1));
}

std::unique_ptr<const Product> make_channel_product(const Block& block, const Layout& in,
                                                    std::string_view isa) {
  return std::make_unique<ChannelProduct>(block, in, isa);
}

}  // namespace fracbit::deploy::runtime
