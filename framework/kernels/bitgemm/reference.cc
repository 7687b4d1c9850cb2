// The products bit by bit, as their definition reads. Slow, and checked by eye.

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

namespace fracbit::kernels::bitgemm {
namespace {

int bit(const uint64_t* word, int position) {
  return static_cast<int>((*word >> position) & 1);
}

/// Calls add(x, w) with the addresses of both words of plane 0, for each position of a window.
template <class Add>
void for_each_word(const Product& d, int64_t pixel, int filter, Add add) {
  for (int64_t k = 0; k < d.k; ++k) {
    add(d.x + d.window[pixel] + d.tap[k], d.w + k * kFilters + filter);
  }
}

template <typename T>
void put(T* out, int64_t sum, bool add) {
  *out = static_cast<T>(add ? *out + sum : sum);
}

template <class Count>
void write(const Product& d, Count count) {
  for (int64_t p = 0; p < d.pixels; ++p) {
    for (int f = 0; f < d.filters; ++f) {
      int64_t sum = d.factor * count(p, f);
      if (d.pixel_term) sum += d.pixel_term[p];
      if (d.filter_term) sum += d.filter_term[(d.pixel_class ? d.pixel_class[p] : 0) + f];
      const int64_t at = p * d.out_step + f;
      if (d.narrow) {
        put(static_cast<int16_t*>(d.out) + at, sum, d.add);
      } else {
        put(static_cast<int32_t*>(d.out) + at, sum, d.add);
      }
    }
  }
}

/// Sum over the bits of a window of value(x sign, x mask, w sign, w mask).
template <class Value>
void signed_product(const Product& d, Value value) {
  write(d, [&](int64_t pixel, int filter) {
    int64_t sum = 0;
    for_each_word(d, pixel, filter, [&](const uint64_t* x, const uint64_t* w) {
      for (int b = 0; b < 64; ++b) sum += value(x, w, b);
    });
    return sum;
  });
}

void codes(const Product& d) noexcept {
  signed_product(d, [&](const uint64_t* x, const uint64_t* w, int b) {
    int64_t x_code = 0;
    int64_t w_code = 0;
    for (int i = 0; i < d.x_planes; ++i) x_code += int64_t{bit(x + i * d.x_plane, b)} << i;
    for (int j = 0; j < d.w_planes; ++j) w_code += int64_t{bit(w + j * d.w_plane, b)} << j;
    return x_code * w_code;
  });
}

void signs(const Product& d) noexcept {
  signed_product(d, [&](const uint64_t* x, const uint64_t* w, int b) {
    int64_t count = 0;
    for (int i = 0; i < d.x_planes; ++i) {
      if (bit(x + i * d.x_plane, b) != bit(w, b)) count += int64_t{1} << i;
    }
    return count;
  });
}

void weight_masked(const Product& d) noexcept {
  signed_product(d, [&](const uint64_t* x, const uint64_t* w, int b) {
    return bit(w + d.w_plane, b) && bit(x, b) != bit(w, b) ? 1 : 0;
  });
}

void input_masked(const Product& d) noexcept {
  signed_product(d, [&](const uint64_t* x, const uint64_t* w, int b) {
    return bit(x + d.x_plane, b) && bit(x, b) != bit(w, b) ? 1 : 0;
  });
}

void both_masked(const Product& d) noexcept {
  signed_product(d, [&](const uint64_t* x, const uint64_t* w, int b) {
    if (!bit(x + d.x_plane, b) || !bit(w + d.w_plane, b)) return 0;
    return bit(x, b) == bit(w, b) ? 1 : -1;
  });
}

void scale(const Epilogue& e) noexcept {
  for (int64_t p = 0; p < e.pixels; ++p) {
    for (int f = 0; f < e.filters; ++f) {
      const real both = e.x_scale[p * e.x_scale_step] * e.w_scale[f];
      e.y[p * e.y_step + f] = both * static_cast<real>(e.sums[p * kFilters + f]);
    }
  }
}

void combine(const Epilogue& e) noexcept {
  for (int64_t p = 0; p < e.pixels; ++p) {
    for (int f = 0; f < e.filters; ++f) {
      double total = 0;
      for (int n = 0; n < e.w_terms; ++n) {
        double inner = 0;
        for (int m = 0; m < e.x_terms; ++m) {
          const int64_t pair = n * e.x_terms + m;
          inner += static_cast<double>(e.x_scale[p * e.x_scale_step + m]) *
                   e.sums[(pair * e.pixels + p) * kFilters + f];
        }
        total += static_cast<double>(e.w_scale[n * kFilters + f]) * inner;
      }
      e.y[p * e.y_step + f] = static_cast<real>(total);
    }
  }
}

void terms(const TermProduct& t) noexcept {
  for (int64_t p = 0; p < t.pixels; ++p) {
    for (int f = 0; f < t.filters; ++f) {
      double total = 0;
      for (int n = 0; n < t.w_terms; ++n) {
        double inner = 0;
        for (int m = 0; m < t.x_terms; ++m) {
          const TermPair& pair = t.pairs[n * t.x_terms + m];
          if (pair.k == 0) continue;
          int32_t sum = pair.filter_term[t.pixel_class[p] + f];
          for (int64_t k = 0; k < pair.k; ++k) {
            const uint64_t* x = t.x + t.window[p] + pair.tap[k];
            const uint64_t* w = pair.w + k * kFilters + f;
            for (int b = 0; b < 64; ++b) {
              const bool has = !pair.masked || bit(w + pair.k * kFilters, b);
              if (has && bit(x, b) != bit(w, b)) sum -= 2;
            }
          }
          inner += static_cast<double>(t.x_scale[m]) * sum;
        }
        total += static_cast<double>(t.w_scale[n * kFilters + f]) * inner;
      }
      t.y[p * t.y_step + f] = static_cast<real>(total);
    }
  }
}

void popcounts(const uint64_t* words, int64_t n, int32_t* counts) noexcept {
  for (int64_t i = 0; i < n; ++i) {
    counts[i] = 0;
    for (int b = 0; b < 64; ++b) counts[i] += bit(words + i, b);
  }
}

}  // namespace

extern const Kernels kReference;
const Kernels kReference = {.name = "reference",
                            .codes = codes,
                            .signs = signs,
                            .weight_masked = weight_masked,
                            .input_masked = input_masked,
                            .both_masked = both_masked,
                            .scale = scale,
                            .combine = combine,
                            .terms = terms,
                            .popcounts = popcounts};

}  // namespace fracbit::kernels::bitgemm
