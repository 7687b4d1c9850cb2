#include <algorithm>
#include <cmath>
#include <limits>

#include "fracbit/quantize/deploy/format/checks.h"

namespace fracbit::deploy {
namespace {

void check_levels(const std::vector<int16_t>& levels, size_t terms) {
  for (size_t g = 0; g * terms < levels.size(); ++g) {
    int32_t sum = 0;
    for (size_t n = 0; n < terms; ++n) {
      const int16_t level = levels[g * terms + n];
      require(level >= 0, "integer scales of 0 or more");
      sum += level;
    }
    require(sum <= std::numeric_limits<int16_t>::max(), "integer scales that fit 16 bits together");
  }
}

/// Bits past the last channel are 0, masks are nested, signs are 0 where the mask is.
void check_planes(const Weights& w) {
  const int64_t words = w.words_per_plane();
  const int64_t tail = w.channels % 64;
  for (int64_t r = 0; r < w.filters * w.taps(); ++r) {
    const uint64_t* row = w.row(0, r);
    for (int64_t i = 0; i < words; ++i) {
      const uint64_t all = i + 1 < words || tail == 0 ? ~uint64_t{0} : (uint64_t{1} << tail) - 1;
      uint64_t outer = all;
      for (int p = 0; p < w.planes(); ++p) {
        const uint64_t word = row[p * words + i];
        if (w.coding == Coding::codes) {
          require((word & ~all) == 0, "no bits past the last channel");
        } else if (p % 2 == 0) {
          const uint64_t mask = row[(p + 1) * words + i];
          require((mask & ~outer) == 0 && (p > 0 || mask == all),
                  "nested masks, the first one full");
          require((word & ~mask) == 0, "signs under their masks only");
          outer = mask;
        }
      }
    }
  }
}

bool is_clip(Activation h) {
  return h == Activation::clip01 || h == Activation::cabs;
}

void check_terms(const Output& out, int64_t channels) {
  const bool by_channel = out.key == Key::channel;
  require_between("terms", out.bits, 1, kMostTerms);
  require_count("scales", out.scales, out.bits);
  require_count("cuts", out.cuts, by_channel ? 0 : out.bits - 1);
  require_count("widths", out.widths, by_channel ? channels : 0);
  for (const uint8_t width : out.widths) require_between("a width", width, 1, out.bits);
  require_finite("scales", out.scales);
  require(std::ranges::none_of(out.cuts, [](float cut) { return std::isnan(cut); }),
          "cuts in order");
  require(std::ranges::is_sorted(out.cuts), "cuts in order");
  if (out.form == Form::residual) return require(out.levels.empty(), "no integer scales");
  require_count("integer scales", out.levels, out.bits);
  check_levels(out.levels, out.levels.size());
}

}  // namespace

int32_t largest_level(const std::vector<int16_t>& levels, size_t terms) {
  int32_t most = 0;
  for (size_t g = 0; g * terms < levels.size(); ++g) {
    int32_t sum = 0;
    for (size_t n = 0; n < terms; ++n) sum += levels[g * terms + n];
    most = std::max(most, sum);
  }
  return most;
}

void check_extents(const Weights& w) {
  require_between("filters", w.filters, 1, kMostExtent);
  require_between("a kernel height", w.kernel_height, 1, kMostKernel);
  require_between("a kernel width", w.kernel_width, 1, kMostKernel);
  require_between("channels", w.channels, 1, kMostExtent);
  require(w.taps() <= kMostElements / w.channels, "a smaller filter");
  require(w.filters <= kMostElements * 64 / w.filter_size(), "fewer weights");
  if (w.coding != Coding::float32) require_between("bits", w.bits, 1, kMostTerms);
}

void check_weights(const Weights& w) {
  check_extents(w);
  if (w.coding == Coding::float32) {
    require_count("weights", w.values, w.size());
    require_finite("weights", w.values);
    require(w.words.empty() && w.scales.empty() && w.levels.empty(), "floats alone");
    return;
  }
  require(w.values.empty(), "no floats beside planes");
  require_count("words of planes", w.words, w.filters * w.taps() * w.words_per_row());
  check_planes(w);
  check_scales(w);
}

void check_scales(const Weights& w) {
  const int64_t terms = w.coding == Coding::codes ? 1 : w.bits;
  const auto scales = static_cast<int64_t>(w.scales.size());
  const int64_t each = w.coding == Coding::grid ? 1 : terms;
  require(scales == 0 || scales == each || scales == each * w.filters,
          "one scale, or one per filter, for each term");
  require(scales > 0 || w.coding != Coding::residual, "a scale for each term");
  require_finite("scales", w.scales);
  const auto levels = static_cast<int64_t>(w.levels.size());
  if (w.coding != Coding::grid) {
    require(levels == 0, "no integer scales but on a grid");
  } else {
    require(levels == terms || levels == terms * w.filters, "integer scales for each term");
    check_levels(w.levels, static_cast<size_t>(terms));
  }
}

void apply_output(const Output& out, Value& value) {
  value.form = out.form;
  value.bits = out.bits;
  value.top = 0;
  value.scales.clear();
  value.widths.clear();
  if (out.form == Form::floats) {
    require(out.bits == 32 && out.scales.empty() && out.cuts.empty() && out.levels.empty() &&
                out.widths.empty(),
            "nothing but an activation for floats");
    return;
  }
  require(out.form == Form::codes ? is_clip(out.activation) : out.activation == Activation::none,
          "clip01 or cabs for codes, no activation for signs");
  if (out.form == Form::residual || out.form == Form::grid) {
    check_terms(out, value.channels);
    if (out.form == Form::residual) value.widths = out.widths;
    value.scales = out.form == Form::residual ? out.scales : std::vector<float>{};
    value.top = out.form == Form::grid ? largest_level(out.levels, out.levels.size()) : 0;
    return;
  }
  require(out.cuts.empty() && out.levels.empty() && out.widths.empty() && out.key != Key::channel,
          "no cuts or widths for codes and signs");
  if (out.form == Form::codes) {
    require_between("bits", out.bits, 1, 8);
    require(out.scales.empty(), "no scales for codes");
    value.top = top_of(out.bits);
    value.scales = {static_cast<float>(1.0 / value.top)};
  } else {
    require(out.bits == 1, "one bit for signs");
    require(out.scales.size() <= 1, "at most one scale for signs");
    require_finite("scales", out.scales);
    value.top = 1;
    value.scales = out.scales.empty() ? std::vector<float>{1} : out.scales;
  }
}

}  // namespace fracbit::deploy
