// The loops of every instruction set. Included once by each of its files, after Lanes, inside that
// file's anonymous namespace.
//
// Lanes offers
//   Reals, Mask, Wide, kCount        kCount reals, flags and doubles; kCount divides 32
//   load, store, splat, magnitude, sub, add
//   at_least(a, b), above(a, b), below(a, b)    flags; false for NaN
//   wider(const uint8_t*, int)       bytes[i] > n
//   all(), first(int), both          flags: set, the first ones set, a and b
//   bits(Mask), ones(Mask)           the flags as an integer, and their number
//   choose(Mask, a, b)               a where set, else b
//   add_where(Mask, v, a)            v + a where set, else v
//   keep(Mask, v)                    v where set, else 0
//   none(), accumulate(Wide&, Reals), spill(Wide, double*)
//   store_bytes(int8_t*, Reals), store_words(int16_t*, Reals)    whole numbers
//   store_bins(uint16_t*, Reals)     bins of keys
//   append(real*, Reals, Mask)       those set, one after the other; may write kCount

using Reals = Lanes::Reals;
using Mask = Lanes::Mask;

/// The constants of a code in registers. kTerms 0: as many as the code says.
template <Widths kWidths, int kTerms>
struct Coder {
  int terms;
  Reals plus[kTerms == 0 ? kMostTerms : kTerms], minus[kTerms == 0 ? kMostTerms : kTerms];
  Reals centre, cut[kCuts];
  bool negative;

  explicit Coder(const Code& code)
      : terms(kTerms == 0 ? code.terms : kTerms),
        centre(Lanes::splat(code.key.centre)),
        cut{Lanes::splat(code.cut[0]), Lanes::splat(code.cut[1])},
        negative(code.key.negative) {
    for (int t = 0; t < terms; ++t) {
      plus[t] = Lanes::splat(code.mu[t]);
      minus[t] = Lanes::splat(-code.mu[t]);
    }
  }

  Reals key(Reals x) const {
    const Reals magnitude = Lanes::magnitude(x);
    if (negative) return Lanes::sub(Lanes::splat(0), magnitude);
    return Lanes::magnitude(Lanes::sub(magnitude, centre));
  }
  /// Elements of width > t. `stored`: their widths, if these are stored.
  Mask wider(Reals key, const uint8_t* stored, int t) const {
    if constexpr (kWidths == Widths::cuts) return Lanes::above(key, cut[t - 1]);
    if constexpr (kWidths == Widths::stored) return Lanes::wider(stored, t);
    return Lanes::all();
  }
  /// Calls term(t, elements that have it, elements where its sign is +) for each term.
  template <class Term>
  [[gnu::always_inline]] inline void each_term(const real* x, const uint8_t* stored,
                                               const Term& term) const {
    Reals e = Lanes::load(x);
    const Reals sort_key = kWidths == Widths::cuts ? key(e) : e;
    for (int t = 0; t < terms; ++t) {
      const Mask positive = Lanes::at_least(e, Lanes::splat(0));
      term(t, t == 0 ? Lanes::all() : wider(sort_key, stored, t), positive);
      e = Lanes::sub(e, Lanes::choose(positive, plus[t], minus[t]));
    }
  }
};

/// Where the widths of elements from i on are stored, if they are.
template <Widths kWidths>
const uint8_t* stored_at(const Code& code, int64_t i) {
  return kWidths == Widths::stored ? code.stored + i : nullptr;
}

/// A copy of the last elements, filled up.
template <int kSize>
struct Rest {
  real x[kSize] = {};
  uint8_t stored[kSize] = {};

  Rest(const real* from, const uint8_t* widths, int64_t n) {
    for (int64_t i = 0; i < n; ++i) x[i] = from[i];
    for (int64_t i = 0; i < n && widths != nullptr; ++i) stored[i] = widths[i];
  }
};

/// Calls body with a constant for the kind of widths, and one for usual numbers of terms.
template <template <Widths, int> class Body, class... Arguments>
void dispatch(const Code& code, Arguments... arguments) {
  switch (code.widths) {
    case Widths::uniform:
      if (code.terms == 2) return Body<Widths::uniform, 2>::run(code, arguments...);
      return Body<Widths::uniform, 0>::run(code, arguments...);
    case Widths::cuts:
      if (code.terms == 2) return Body<Widths::cuts, 2>::run(code, arguments...);
      return Body<Widths::cuts, 3>::run(code, arguments...);
    case Widths::stored:
      if (code.terms == 2) return Body<Widths::stored, 2>::run(code, arguments...);
      return Body<Widths::stored, 3>::run(code, arguments...);
  }
}

void put(real* out, Reals level) {
  Lanes::store(out, level);
}
void put(int8_t* out, Reals level) {
  Lanes::store_bytes(out, level);
}
void put(int16_t* out, Reals level) {
  Lanes::store_words(out, level);
}

template <typename Out>
struct Levels {
  template <Widths kWidths, int kTerms>
  struct Of {
    static void run(const Code& code, const real* x, int64_t n, const real* level, Out* out) {
      const Coder<kWidths, kTerms> coder(code);
      constexpr int kMost = kTerms == 0 ? kMostTerms : kTerms;
      Reals plus[kMost], minus[kMost];
      for (int t = 0; t < coder.terms; ++t) {
        plus[t] = Lanes::splat(level[t]);
        minus[t] = Lanes::splat(-level[t]);
      }
      const auto vector = [&](const real* from, const uint8_t* stored, Out* to) {
        Reals sum = Lanes::splat(0);
        coder.each_term(from, stored, [&](int t, Mask has, Mask positive) {
          sum = Lanes::add_where(has, sum, Lanes::choose(positive, plus[t], minus[t]));
        });
        put(to, sum);
      };
      int64_t i = 0;
      for (; i + Lanes::kCount <= n; i += Lanes::kCount) {
        vector(x + i, stored_at<kWidths>(code, i), out + i);
      }
      if (i == n) return;
      const Rest<Lanes::kCount> rest(x + i, stored_at<kWidths>(code, i), n - i);
      Out last[Lanes::kCount];
      vector(rest.x, rest.stored, last);
      for (int64_t j = i; j < n; ++j) out[j] = last[j - i];
    }
  };
};

template <typename Out>
void levels(const real* x, int64_t n, const Code& code, const real* level, Out* out) noexcept {
  dispatch<Levels<Out>::template Of>(code, x, n, level, out);
}

/// Sums in kLanes lanes.
struct LaneSums {
  static constexpr int kVectors = kLanes / Lanes::kCount;
  Lanes::Wide sum[kVectors];

  LaneSums() {
    for (auto& one : sum) one = Lanes::none();
  }
  double total() const {
    double lane[kLanes];
    for (int v = 0; v < kVectors; ++v) Lanes::spill(sum[v], lane + v * Lanes::kCount);
    for (int width = kLanes / 2; width > 0; width /= 2) {
      for (int l = 0; l < width; ++l) lane[l] += lane[l + width];
    }
    return lane[0];
  }
};

double magnitude(const real* x, int64_t n) noexcept {
  LaneSums sums;
  const auto round = [&](const real* from) {
    for (int v = 0; v < LaneSums::kVectors; ++v) {
      Lanes::accumulate(sums.sum[v], Lanes::magnitude(Lanes::load(from + v * Lanes::kCount)));
    }
  };
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) round(x + i);
  if (i < n) round(Rest<kLanes>(x + i, nullptr, n - i).x);
  return sums.total();
}

template <Widths kWidths, int kTerms>
struct TermSum {
  static void run(const Code& code, const real* x, int64_t n, int term, Sum* result) {
    const Coder<kWidths, kTerms> coder(code);
    LaneSums sums;
    int64_t count = 0;
    const auto vector = [&](const real* from, const uint8_t* stored, Mask valid, int v) {
      const Reals value = Lanes::load(from);
      Reals e = value;
      for (int t = 0; t < term; ++t) {
        const Mask positive = Lanes::at_least(e, Lanes::splat(0));
        e = Lanes::sub(e, Lanes::choose(positive, coder.plus[t], coder.minus[t]));
      }
      const Reals key = kWidths == Widths::cuts ? coder.key(value) : value;
      const Mask has = Lanes::both(valid, coder.wider(key, stored, term));
      Lanes::accumulate(sums.sum[v], Lanes::keep(has, Lanes::magnitude(e)));
      count += Lanes::ones(has);
    };
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      for (int v = 0; v < LaneSums::kVectors; ++v) {
        const int64_t at = i + v * Lanes::kCount;
        vector(x + at, stored_at<kWidths>(code, at), Lanes::all(), v);
      }
    }
    if (i < n) {
      const Rest<kLanes> rest(x + i, stored_at<kWidths>(code, i), n - i);
      for (int v = 0; v < LaneSums::kVectors; ++v) {
        const int64_t left = n - i - v * Lanes::kCount;
        const int valid = left < 0               ? 0
                          : left < Lanes::kCount ? static_cast<int>(left)
                                                 : Lanes::kCount;
        vector(rest.x + v * Lanes::kCount, rest.stored + v * Lanes::kCount, Lanes::first(valid), v);
      }
    }
    *result = {sums.total(), count};
  }
};

Sum term(const real* x, int64_t n, const Code& code, int term) noexcept {
  Sum result{};
  dispatch<TermSum>(code, x, n, term, &result);
  return result;
}

constexpr int kWord = 64;

template <Widths kWidths, int kTerms>
struct Planes {
  static void run(const Code& code, const real* x, int64_t n, uint64_t* row) {
    const Coder<kWidths, kTerms> coder(code);
    const int64_t plane_words = (n + kWord - 1) / kWord;
    const auto word = [&](const real* from, const uint8_t* stored, uint64_t valid, uint64_t* to) {
      for (int p = 0; p < 2 * coder.terms; ++p) to[p * plane_words] = 0;
      for (int v = 0; v < kWord; v += Lanes::kCount) {
        const uint8_t* widths = kWidths == Widths::stored ? stored + v : nullptr;
        coder.each_term(from + v, widths, [&](int t, Mask has, Mask positive) {
          const uint64_t mask = Lanes::bits(has) << v & valid;
          to[2 * t * plane_words] |= Lanes::bits(positive) << v & mask;
          to[(2 * t + 1) * plane_words] |= mask;
        });
      }
    };
    int64_t i = 0;
    for (; i + kWord <= n; i += kWord) {
      word(x + i, stored_at<kWidths>(code, i), ~uint64_t{0}, row + i / kWord);
    }
    if (i == n) return;
    const Rest<kWord> rest(x + i, stored_at<kWidths>(code, i), n - i);
    word(rest.x, rest.stored, (uint64_t{1} << (n - i)) - 1, row + i / kWord);
  }
};

void planes(const real* x, int64_t n, const Code& code, uint64_t* row) noexcept {
  dispatch<Planes>(code, x, n, row);
}

void widths(const real* x, int64_t n, const Code& code, uint8_t* out) noexcept {
  const Coder<Widths::cuts, 3> coder(code);
  const auto vector = [&](const real* from, int8_t* to) {
    const Reals key = coder.key(Lanes::load(from));
    Reals width = Lanes::splat(1);
    for (int t = 1; t <= kCuts; ++t) {
      width = Lanes::add_where(coder.wider(key, nullptr, t), width, Lanes::splat(1));
    }
    Lanes::store_bytes(to, width);
  };
  int64_t i = 0;
  for (; i + Lanes::kCount <= n; i += Lanes::kCount) {
    vector(x + i, reinterpret_cast<int8_t*>(out) + i);
  }
  if (i == n) return;
  int8_t last[Lanes::kCount];
  vector(Rest<Lanes::kCount>(x + i, nullptr, n - i).x, last);
  for (int64_t j = i; j < n; ++j) out[j] = static_cast<uint8_t>(last[j - i]);
}

Reals key_of(Reals x, Reals centre) {
  return Lanes::magnitude(Lanes::sub(Lanes::magnitude(x), centre));
}

void count(const real* x, int64_t n, real centre, uint32_t* bins) noexcept {
  const Reals middle = Lanes::splat(centre);
  uint16_t bin[kWord];
  const auto word = [&](const real* from) {
    for (int v = 0; v < kWord; v += Lanes::kCount) {
      Lanes::store_bins(bin + v, key_of(Lanes::load(from + v), middle));
    }
  };
  int64_t i = 0;
  for (; i + kWord <= n; i += kWord) {
    word(x + i);
    for (int j = 0; j < kWord; j += kCopies) {
      for (int c = 0; c < kCopies; ++c) ++bins[c * kBins + bin[j + c]];
    }
  }
  if (i == n) return;
  word(Rest<kWord>(x + i, nullptr, n - i).x);
  for (int64_t j = 0; j < n - i; ++j) ++bins[bin[j]];
}

/// kNumber brackets in one pass.
template <int kNumber>
void collect_some(const real* x, int64_t n, real centre, Bracket* brackets) {
  const Reals middle = Lanes::splat(centre);
  Reals low[kNumber], high[kNumber];
  real* end[kNumber];
  int64_t under[kNumber] = {};
  for (int b = 0; b < kNumber; ++b) {
    low[b] = Lanes::splat(brackets[b].low);
    high[b] = Lanes::splat(brackets[b].high);
    end[b] = brackets[b].kept + brackets[b].count;
  }
  const auto vector = [&](const real* from, Mask valid) {
    const Reals key = key_of(Lanes::load(from), middle);
    for (int b = 0; b < kNumber; ++b) {
      under[b] += Lanes::ones(Lanes::both(valid, Lanes::below(key, low[b])));
      const Mask inside =
          Lanes::both(Lanes::both(valid, Lanes::at_least(key, low[b])), Lanes::below(key, high[b]));
      Lanes::append(end[b], key, inside);
      end[b] += Lanes::ones(inside);
    }
  };
  int64_t i = 0;
  for (; i + Lanes::kCount <= n; i += Lanes::kCount) vector(x + i, Lanes::all());
  if (i < n) {
    vector(Rest<Lanes::kCount>(x + i, nullptr, n - i).x, Lanes::first(static_cast<int>(n - i)));
  }
  for (int b = 0; b < kNumber; ++b) {
    brackets[b].below += under[b];
    brackets[b].count = end[b] - brackets[b].kept;
  }
}

void collect(const real* x, int64_t n, real centre, Bracket* brackets, int64_t number) noexcept {
  int64_t b = 0;
  for (; b + 2 <= number; b += 2) collect_some<2>(x, n, centre, brackets + b);
  if (b < number) collect_some<1>(x, n, centre, brackets + b);
}

constexpr Kernels make_kernels(const char* name) {
  return {name,   magnitude, term,  levels<real>, levels<int8_t>, levels<int16_t>,
          planes, widths,    count, collect};
}
