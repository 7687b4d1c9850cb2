// From counts to integers in memory. Included by loops.inc.h, after Lanes.

using Sums = Lanes::Sums;
constexpr int kLanes = Lanes::kCount * Lanes::kVectors;

/// The first `filters` of kLanes integers. Rare, and long where it is inlined.
template <typename T>
[[gnu::noinline]] void write_some(Sums sums, int filters, bool add, T* out) {
  int32_t all[kLanes];
  Lanes::sums_store(sums, all);
  for (int f = 0; f < filters && f < kLanes; ++f) {
    const uint32_t old = add ? static_cast<uint32_t>(out[f]) : 0;
    out[f] = static_cast<T>(old + static_cast<uint32_t>(all[f]));
  }
}

/// Integers of kLanes filters from `first`, at consecutive pixels. term(p) is what is added to
/// those of pixel p. Lanes wrap, because sums may on the way.
template <class Term>
[[gnu::always_inline]] inline void write(const Output& o, const int32_t (*counts)[kLanes],
                                         int64_t pixels, int first, int64_t at, Term term) {
  const Sums factor = Lanes::sums_splat(o.factor);
  const auto sums = [&](int64_t p) __attribute__((always_inline)) {
    return Lanes::sums_add(term(p), Lanes::sums_mul(factor, Lanes::sums_load(counts[p])));
  };
  const int filters = o.filters - first;
  int16_t* narrow = static_cast<int16_t*>(o.out) + at;
  int32_t* wide = static_cast<int32_t*>(o.out) + at;
  const int64_t step = o.out_step;
  if (filters < kLanes || (o.add && o.narrow)) {
    for (int64_t p = 0; p < pixels; ++p) {
      if (o.narrow) {
        write_some(sums(p), filters, o.add, narrow + p * step);
      } else {
        write_some(sums(p), filters, o.add, wide + p * step);
      }
    }
  } else if (o.narrow) {
    FRACBIT_UNROLL_4
    for (int64_t p = 0; p < pixels; ++p) Lanes::sums_store_narrow(sums(p), narrow + p * step);
  } else if (o.add) {
    for (int64_t p = 0; p < pixels; ++p) {
      int32_t* out = wide + p * step;
      Lanes::sums_store(Lanes::sums_add(sums(p), Lanes::sums_load(out)), out);
    }
  } else {
    for (int64_t p = 0; p < pixels; ++p) Lanes::sums_store(sums(p), wide + p * step);
  }
}

/// p + i, or nothing of nothing.
const int32_t* from(const int32_t* p, int64_t i) {
  return p == nullptr ? nullptr : p + i;
}

/// factor C + terms from counts C of consecutive pixels and kLanes filters from `first`. Once for
/// all kernels: it is long, and called once per register tile.
[[gnu::noinline]] void finish(const Output& o, const int32_t (*counts)[kLanes], int64_t pixel,
                              int64_t pixels, int first) {
  const int64_t at = pixel * o.out_step + first;
  const int32_t* of_pixel = from(o.pixel_term, pixel);
  const int32_t* row = from(o.pixel_class, pixel);
  const int32_t* of_filter = from(o.filter_term, first);
  const bool rows = o.pixel_class != nullptr;
  if (o.filter_term == nullptr) {
    if (o.pixel_term == nullptr) {
      const Sums zero = Lanes::sums_splat(0);
      write(o, counts, pixels, first, at, [&](int64_t) { return zero; });
    } else {
      write(o, counts, pixels, first, at,
            [&](int64_t p) { return Lanes::sums_splat(of_pixel[p]); });
    }
  } else {
    const auto term = [&](int64_t p) { return Lanes::sums_load(of_filter + (rows ? row[p] : 0)); };
    if (o.pixel_term == nullptr) {
      write(o, counts, pixels, first, at, term);
    } else {
      write(o, counts, pixels, first, at,
            [&](int64_t p) { return Lanes::sums_add(Lanes::sums_splat(of_pixel[p]), term(p)); });
    }
  }
}
