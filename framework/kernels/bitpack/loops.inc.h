// The loops of every instruction set. Included once by each of its files, after Lanes, inside that
// file's anonymous namespace.
//
// Lanes offers
//   Values, kCount                          a vector of kCount reals, kCount divides 64
//   at_least(const real*, real)             kCount bits: values[i] >= threshold
//   kCodes, bits(const uint16_t*, p)        kCodes bits: bit p of each code
//   splat, store
//   add_where(v, bits, a)                   v[i] + (bit i ? a : 0)
//   add_signed(v, mask, sign, a)            v[i] + (mask i ? (sign i ? a : -a) : 0)

/// `count` bits, at most 64: values[i] >= threshold.
[[gnu::always_inline]] inline uint64_t compare_word(const real* values, int64_t count,
                                                    real threshold) {
  uint64_t word = 0;
  int64_t i = 0;
  for (; i + Lanes::kCount <= count; i += Lanes::kCount) {
    word |= Lanes::at_least(values + i, threshold) << i;
  }
  for (; i < count; ++i) word |= uint64_t{values[i] >= threshold} << i;
  return word;
}

void compare(const real* values, int64_t n, real threshold, uint64_t* plane) noexcept {
  for (int64_t first = 0; first < n; first += 64) {
    *plane++ = compare_word(values + first, n - first < 64 ? n - first : 64, threshold);
  }
}

/// The compares of a value are ones up to its code and zeros after it, so bit p of the code is the
/// parity of those at the multiples of 2^p.
void count(const real* values, int64_t n, const real* thresholds, int top, int planes,
           uint64_t* row) noexcept {
  const int64_t plane_words = (n + 63) / 64;
  for (int64_t first = 0; first < n; first += 64, ++row) {
    const int64_t length = n - first < 64 ? n - first : 64;
    for (int p = 0; p < planes; ++p) row[p * plane_words] = 0;
    for (int j = 1; j <= top; ++j) {
      const uint64_t word = compare_word(values + first, length, thresholds[j - 1]);
      row[0] ^= word;
      for (int p = 1; j % (1 << p) == 0; ++p) row[p * plane_words] ^= word;
    }
  }
}

void codes(const uint16_t* codes, int64_t n, int planes, uint64_t* row) noexcept {
  const int64_t plane_words = (n + 63) / 64;
  for (int p = 0; p < planes; ++p) {
    for (int64_t first = 0; first < n; first += 64) {
      uint64_t word = 0;
      const int64_t count = n - first < 64 ? n - first : 64;
      int64_t i = 0;
      for (; i + Lanes::kCodes <= count; i += Lanes::kCodes) {
        word |= Lanes::bits(codes + first + i, p) << i;
      }
      for (; i < count; ++i) word |= uint64_t{(codes[first + i] >> p) & 1u} << i;
      row[p * plane_words + first / 64] = word;
    }
  }
}

/// Stores the first `count` of a vector.
[[gnu::always_inline]] inline void store_some(Lanes::Values value, int64_t count, real* out) {
  if (count >= Lanes::kCount) {
    Lanes::store(value, out);
    return;
  }
  real all[Lanes::kCount];
  Lanes::store(value, all);
  for (int64_t i = 0; i < count; ++i) out[i] = all[i];
}

void levels(const uint64_t* row, int64_t n, int planes, int mul, int add, real* values) noexcept {
  const int64_t plane_words = (n + 63) / 64;
  for (int64_t i = 0; i < n; i += Lanes::kCount) {
    const uint64_t* word = row + i / 64;
    Lanes::Values value = Lanes::splat(static_cast<real>(add));
    for (int p = 0; p < planes; ++p, word += plane_words) {
      const real weight = static_cast<real>(mul) * static_cast<real>(1 << p);
      value = Lanes::add_where(value, *word >> (i % 64), weight);
    }
    store_some(value, n - i, values + i);
  }
}

void residual(const uint64_t* row, int64_t n, int terms, const real* scales,
              real* values) noexcept {
  const int64_t plane_words = (n + 63) / 64;
  for (int64_t i = 0; i < n; i += Lanes::kCount) {
    const uint64_t* word = row + i / 64;
    Lanes::Values value = Lanes::splat(0);
    for (int t = 0; t < terms; ++t, word += 2 * plane_words) {
      const int64_t shift = i % 64;
      value = Lanes::add_signed(value, word[plane_words] >> shift, *word >> shift, scales[t]);
    }
    store_some(value, n - i, values + i);
  }
}

constexpr Kernels make_kernels(const char* name) {
  return {name, compare, count, codes, levels, residual};
}
