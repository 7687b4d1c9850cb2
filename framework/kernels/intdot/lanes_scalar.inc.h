// Lanes of the instruction set, for products and for training.

/// Four lanes as an array, with the baseline instructions of the compiler.
struct Lanes {
  struct Ints {
    uint32_t lane[4];
  };
  struct Reals {
    real lane[4];
  };
  static constexpr int kCount = 4, kVectors = 4, kPixels = 2, kOuterVectors = 1, kOuterRows = 4;

  static Ints load(const void* p) {
    Ints value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
  }
  static Ints broadcast(const void* p) {
    uint32_t group;
    __builtin_memcpy(&group, p, sizeof group);
    return {{group, group, group, group}};
  }
  static Ints zero() { return {}; }
  static Ints add(Ints a, Ints b) {
    for (int l = 0; l < kCount; ++l) a.lane[l] += b.lane[l];
    return a;
  }
  static Ints times(Ints a, int32_t b) {
    for (int l = 0; l < kCount; ++l) a.lane[l] *= static_cast<uint32_t>(b);
    return a;
  }
  /// Number j of a group, as a signed number of T.
  template <typename T>
  static int32_t part(uint32_t group, int j) {
    return static_cast<T>(group >> (8 * static_cast<int>(sizeof(T)) * j));
  }
  static Ints dot_bytes(Ints acc, Ints x, Ints w) {
    for (int l = 0; l < kCount; ++l) {
      for (int j = 0; j < 4; ++j) {
        acc.lane[l] +=
            static_cast<uint32_t>(part<uint8_t>(x.lane[l], j) * part<int8_t>(w.lane[l], j));
      }
    }
    return acc;
  }
  static Ints dot_words(Ints acc, Ints x, Ints w) {
    for (int l = 0; l < kCount; ++l) {
      for (int j = 0; j < 2; ++j) {
        acc.lane[l] +=
            static_cast<uint32_t>(part<int16_t>(x.lane[l], j) * part<int16_t>(w.lane[l], j));
      }
    }
    return acc;
  }
  static void store(int32_t* out, Ints value, int count) {
    for (int l = 0; l < count; ++l) out[l] = static_cast<int32_t>(value.lane[l]);
  }
  static void store_scaled(real* out, Ints value, real scale, int count) {
    for (int l = 0; l < count; ++l) out[l] = scale * number(value.lane[l]);
  }
  static Reals load_reals(const real* p) { return {{p[0], p[1], p[2], p[3]}}; }
  static void store_reals(real* p, Reals value) {
    for (int l = 0; l < kCount; ++l) p[l] = value.lane[l];
  }
  static Reals fused(real scale, Ints value, Reals sum) {
    for (int l = 0; l < kCount; ++l) {
      if constexpr (sizeof(real) == 4) {
        sum.lane[l] = __builtin_fmaf(scale, number(value.lane[l]), sum.lane[l]);
      } else {
        sum.lane[l] = static_cast<real>(__builtin_fma(scale, number(value.lane[l]), sum.lane[l]));
      }
    }
    return sum;
  }
  static real number(uint32_t lane) { return static_cast<real>(static_cast<int32_t>(lane)); }
  static void interleave_bytes(const uint8_t* a, const uint8_t* b, const uint8_t* c,
                               const uint8_t* d, uint8_t* to) {
    for (int i = 0; i < kLanes; ++i, to += 4) {
      to[0] = a[i];
      to[1] = b[i];
      to[2] = c[i];
      to[3] = d[i];
    }
  }
  static void interleave_words(const int16_t* a, const int16_t* b, uint8_t* to) {
    for (int i = 0; i < kLanes; ++i, to += kGroup) {
      const int16_t pair[2] = {a[i], b[i]};
      __builtin_memcpy(to, pair, sizeof pair);
    }
  }
};
