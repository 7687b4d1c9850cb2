// The dot products of the plain loops.

/// The dot product of two groups.
using Dot = int64_t (*)(const uint8_t* x, const uint8_t* w);

int64_t dot_bytes(const uint8_t* x, const uint8_t* w) {
  int64_t sum = 0;
  for (int j = 0; j < 4; ++j) sum += int64_t{x[j]} * static_cast<int8_t>(w[j]);
  return sum;
}

int64_t word(const uint8_t* p) {
  return static_cast<int16_t>(p[0] | p[1] << 8);
}

int64_t dot_words(const uint8_t* x, const uint8_t* w) {
  return word(x) * word(w) + word(x + 2) * word(w + 2);
}

/// D modulo 2^32.
int32_t sum_of(const Product& d, Dot dot, int64_t pixel, int64_t lane) {
  int64_t sum = 0;
  for (int64_t t = 0; t < d.taps; ++t) {
    for (int64_t k = 0; k < d.run; ++k) {
      const int64_t group = (lane / kLanes * d.taps + t) * d.run + k;
      sum += dot(d.x + d.window[pixel] + d.tap[t] + k * kGroup,
                 d.w + group * kBlock + lane % kLanes * kGroup);
    }
  }
  const int64_t row = d.term_row == nullptr ? 0 : d.term_row[pixel];
  return static_cast<int32_t>(d.factor * sum + d.term[row * d.term_step + lane]);
}
