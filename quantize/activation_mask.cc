#include "fracbit/quantize/activation_mask.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/option.h"
#include "fracbit/quantize/reduce.h"
#include "fracbit/quantize/selection.h"

namespace fracbit::quantize {
namespace {

constexpr real kInfinity = std::numeric_limits<real>::infinity();
/// Cut points that every key is above, or none. Finite, because an infinity in a network's state
/// says that training diverged.
constexpr real kBelowAll = std::numeric_limits<real>::lowest();
constexpr real kAboveAll = std::numeric_limits<real>::max();

bool parts_keys(real cut) {
  return kBelowAll < cut && cut < kAboveAll;
}

/// M_j = 1 + number of cut points below the key of x_j.
class CutWidths : public Widths {
 public:
  CutWidths(const ValueKey& key, std::span<const real> tau) : key_(key), tau_(tau) {}
  int64_t describe(int64_t, int64_t count, SignTerms& code) const override {
    code.widths = SignTerms::Widths::cuts;
    code.centre = key_.centre();
    code.negative = key_.negative();
    code.cut.fill(kInfinity);
    std::copy(tau_.begin(), tau_.end(), code.cut.begin());
    return count;
  }

 private:
  ValueKey key_;
  std::span<const real> tau_;
};

/// A number between two neighbours in sorted order: >= low, and < high unless they are equal.
real halfway(real low, real high) {
  const auto middle = static_cast<real>((static_cast<double>(low) + static_cast<double>(high)) / 2);
  return middle < high ? middle : low;
}

/// Cut points after the first counts[k] of n sorted keys.
Tensor cut_points(const Tensor& x, const ValueKey& key, const BitShares& shares, int terms) {
  const int64_t n = x.size();
  const auto counts = cumulative_counts(shares, n);
  Tensor tau = Tensor::zeros({terms - 1});
  std::vector<int64_t> positions;
  for (int64_t k = 0; k < tau.size(); ++k) {
    const int64_t count = counts[static_cast<size_t>(k)];
    tau[k] = count == 0 ? kBelowAll : kAboveAll;
    if (count == 0 || count == n) continue;
    positions.insert(positions.end(), {count - 1, count});
  }
  const auto at = value_ranks(x.span(), key, positions);
  size_t next = 0;
  for (int64_t k = 0; k < tau.size(); ++k) {
    const int64_t count = counts[static_cast<size_t>(k)];
    if (count == 0 || count == n) continue;
    tau[k] = halfway(at[next].key, at[next + 1].key);
    next += 2;
  }
  return tau;
}

class CutMask : public ActivationMask {
 public:
  CutMask(const BitShares& shares, Heuristic heuristic, int terms)
      : shares_(shares), key_{heuristic, 0}, terms_(terms), running_(Tensor::zeros({terms - 1})) {}

  void fit(const Tensor& x, real mean, bool) override {
    key_.mean = mean;
    tau_ = cut_points(x, key_, shares_, terms_);
  }
  void move(bool first) override { move_running(tau_, first, running_); }
  void recall(const Tensor&, real mean) override {
    key_.mean = mean;
    tau_ = running_;
  }
  std::unique_ptr<Widths> widths() const override {
    return std::make_unique<CutWidths>(key_, tau_.span());
  }
  std::vector<Quantizer::State> state() override { return {{"tau", &running_}}; }
  void store(deploy::Output& output) const override {
    output.key = key_.heuristic == Heuristic::middle_out ? deploy::Key::middle_out
                 : key_.heuristic == Heuristic::top_down ? deploy::Key::top_down
                                                         : deploy::Key::bottom_up;
    for (const real tau : running_.span()) output.cuts.push_back(static_cast<float>(tau));
  }

 private:
  BitShares shares_;
  ValueKey key_;
  int terms_;
  Tensor running_;
  Tensor tau_;
};

/// One random permutation of the positions of a sample.
class PositionMask : public ActivationMask {
 public:
  explicit PositionMask(const BitShares& shares) : shares_(shares) {}

  void fit(const Tensor& x, real, bool) override { draw(x); }
  void move(bool) override {}
  void recall(const Tensor& x, real) override { draw(x); }
  std::unique_ptr<Widths> widths() const override {
    return std::make_unique<SampleWidths>(positions_);
  }
  void set_random(uint64_t seed, uint32_t stream) override { permutation_.set(seed, stream); }
  std::vector<Quantizer::State> state() override { return {{"permutation", &permutation_.key()}}; }
  void store(deploy::Output&) const override {
    throw ConfigError("[deploy] random widths of positions have no deployed form");
  }

 private:
  void draw(const Tensor& x) {
    const auto each = static_cast<size_t>(x.shape().stride0());
    const Tensor& key = permutation_.key();
    const bool kept = positions_.size() == each &&
                      std::equal(key.span().begin(), key.span().end(), drawn_from_.span().begin(),
                                 drawn_from_.span().end());
    if (kept) return;
    positions_.resize(each);
    assign_widths(permutation_.keys(), 0, cumulative_counts(shares_, x.shape().stride0()),
                  positions_);
    drawn_from_ = key;
  }

  BitShares shares_;
  Permutation permutation_;
  std::vector<uint8_t> positions_;
  Tensor drawn_from_;
};

/// Mean of |x| in each channel.
Tensor channel_means(const Tensor& x) {
  const int64_t channels = x.shape().back();
  Tensor means = Tensor::zeros({channels});
  const int64_t rows = channels == 0 ? 0 : x.size() / channels;
  if (rows == 0) return means;
  const int64_t each = std::max<int64_t>(1, kGrain / channels);
  const int64_t tasks = (rows + each - 1) / each;
  std::vector<double> sums(static_cast<size_t>(tasks * channels));
  parallel_for(rows, each, [&](int64_t begin, int64_t end) {
    double* sum = sums.data() + begin / each * channels;
    for (int64_t r = begin; r < end; ++r) {
      const real* row = x.data() + r * channels;
      for (int64_t c = 0; c < channels; ++c) sum[c] += static_cast<double>(std::abs(row[c]));
    }
  });
  tree_reduce(sums.data(), tasks, channels);
  for (int64_t c = 0; c < channels; ++c) {
    means[c] = static_cast<real>(sums[static_cast<size_t>(c)] / static_cast<double>(rows));
  }
  return means;
}

class ChannelMask : public ActivationMask {
 public:
  ChannelMask(const BitShares& shares, Heuristic heuristic)
      : shares_(shares), heuristic_(heuristic) {}

  void prepare(const Shape& shape) override {
    magnitude_ = Tensor::zeros({shape.back()});
    mask_ = Tensor::zeros({shape.back()});
  }
  void fit(const Tensor& x, real, bool first) override {
    batch_ = channel_means(x);
    if (first) return draw(batch_);
    require_channels(x);
    if (due()) return draw(magnitude_);
    recall(x, 0);
  }
  void move(bool first) override {
    if (first) {
      magnitude_ = batch_;
    } else {
      move_running(batch_, false, magnitude_);
    }
    mask_ = drawn_;
    if (first || due()) mask_epoch_[0] = static_cast<real>(epoch_);
  }
  void recall(const Tensor& x, real) override {
    require_channels(x);
    drawn_ = mask_;
    spread();
  }
  std::unique_ptr<Widths> widths() const override {
    return std::make_unique<SampleWidths>(spread_);
  }
  void set_random(uint64_t seed, uint32_t stream) override { permutation_.set(seed, stream); }
  void set_epoch(int64_t epoch, int64_t epochs) override {
    epoch_ = epoch;
    may_refresh_ = 3 * epoch <= 2 * epochs;
  }
  std::vector<Quantizer::State> state() override {
    std::vector<Quantizer::State> all = {
        {"magnitude", &magnitude_}, {"mask", &mask_}, {"mask_epoch", &mask_epoch_}};
    if (heuristic_ == Heuristic::random) all.push_back({"permutation", &permutation_.key()});
    return all;
  }
  void store(deploy::Output& output) const override {
    output.key = deploy::Key::channel;
    for (const real width : mask_.span()) {
      output.widths.push_back(static_cast<uint8_t>(std::max<real>(1, width)));
    }
  }

 private:
  bool due() const { return may_refresh_ && mask_epoch_[0] != static_cast<real>(epoch_); }

  void require_channels(const Tensor& x) const {
    if (x.shape().back() == mask_.size()) return;
    throw ShapeError("[hbnn] expects " + std::to_string(mask_.size()) + " channels, got x " +
                     to_string(x.shape()));
  }
  /// Algorithm 1 on one number per channel.
  void draw(const Tensor& v) {
    std::vector<uint8_t> widths(static_cast<size_t>(v.size()));
    const auto counts = cumulative_counts(shares_, v.size());
    if (heuristic_ == Heuristic::random) {
      assign_widths(permutation_.keys(), 0, counts, widths);
    } else {
      const double sum = lane_sum(0, v.size(), [&](int64_t c) { return v[c]; });
      const auto mean = static_cast<real>(sum / static_cast<double>(v.size()));
      assign_widths(v.span(), {heuristic_, mean}, counts, widths);
    }
    drawn_ = Tensor::uninitialized({v.size()});
    std::copy(widths.begin(), widths.end(), drawn_.data());
    spread();
  }
  /// The mask of many pixels, so that runs of elements are long.
  void spread() {
    constexpr int64_t kRun = 4096;
    const int64_t channels = std::max<int64_t>(1, drawn_.size());
    spread_.clear();
    for (int64_t done = 0; done < kRun; done += channels) {
      for (const real width : drawn_.span()) spread_.push_back(static_cast<uint8_t>(width));
    }
  }

  BitShares shares_;
  Heuristic heuristic_;
  Tensor magnitude_ = Tensor::zeros({0});  ///< v
  Tensor mask_ = Tensor::zeros({0});       ///< widths
  Tensor mask_epoch_ = Tensor::zeros({1});
  Permutation permutation_;
  int64_t epoch_ = 0;
  bool may_refresh_ = true;
  Tensor batch_, drawn_;
  std::vector<uint8_t> spread_;
};

}  // namespace

MaskMode mask_mode_named(std::string_view name) {
  one_of("act-mask", name, {"threshold", "channel"});
  return name == "channel" ? MaskMode::channel : MaskMode::threshold;
}

std::unique_ptr<ActivationMask> make_activation_mask(MaskMode mode, const BitShares& shares,
                                                     Heuristic heuristic, int terms) {
  if (mode == MaskMode::channel) return std::make_unique<ChannelMask>(shares, heuristic);
  if (heuristic == Heuristic::random) return std::make_unique<PositionMask>(shares);
  return std::make_unique<CutMask>(shares, heuristic, terms);
}

void move_running(const Tensor& batch, bool first, Tensor& running) {
  for (int64_t i = 0; i < running.size(); ++i) {
    // An empty width has no cut point to average.
    const bool both = parts_keys(running[i]) && parts_keys(batch[i]);
    if (first || (!both && parts_keys(batch[i]))) {
      running[i] = batch[i];
    } else if (both) {
      running[i] = static_cast<real>(0.9 * static_cast<double>(running[i]) +
                                     0.1 * static_cast<double>(batch[i]));
    }
  }
}

}  // namespace fracbit::quantize
