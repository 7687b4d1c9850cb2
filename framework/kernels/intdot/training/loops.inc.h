// What training takes of every instruction set. Included once by each of its files, after Lanes.

#include "fracbit/framework/kernels/intdot/products.inc.h"
//
#include "fracbit/framework/kernels/intdot/training/outer.inc.h"

struct StoreScaled {
  static void put(const Product& d, int64_t pixel, int64_t lane, Lanes::Ints value, int count) {
    Lanes::store_scaled(d.y + d.place[pixel] + lane, value, d.scale[pixel * d.scale_step], count);
  }
};

/// The last, incomplete block of an interleaving.
template <typename T, int kRows>
void interleave_rest(const T* const* from, int64_t begin, int64_t n, uint8_t* to) {
  T* out = reinterpret_cast<T*>(to);
  for (int64_t i = 0; i < kLanes; ++i) {
    for (int j = 0; j < kRows; ++j) {
      out[i * kRows + j] = begin + i < n ? from[j][begin + i] : T{0};
    }
  }
}

/// Lanes may also offer interleave_blocks, for four blocks at once.
template <class L>
void interleave_bytes(const uint8_t* const* from, int64_t n, uint8_t* to,
                      int64_t block_step) noexcept {
  int64_t i = 0;
  if constexpr (requires { &L::interleave_blocks; }) {
    constexpr int64_t kBlocks = 4;
    for (; i + kBlocks * kLanes <= n; i += kBlocks * kLanes, to += kBlocks * block_step) {
      L::interleave_blocks(from[0] + i, from[1] + i, from[2] + i, from[3] + i, to, block_step);
    }
  }
  for (; i + kLanes <= n; i += kLanes, to += block_step) {
    L::interleave_bytes(from[0] + i, from[1] + i, from[2] + i, from[3] + i, to);
  }
  if (i < n) interleave_rest<uint8_t, 4>(from, i, n, to);
}

void interleave_words(const int16_t* const* from, int64_t n, uint8_t* to,
                      int64_t block_step) noexcept {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes, to += block_step) {
    Lanes::interleave_words(from[0] + i, from[1] + i, to);
  }
  if (i < n) interleave_rest<int16_t, 2>(from, i, n, to);
}

constexpr Kernels make_kernels(const char* name) {
  return {name,
          {product<Bytes, StoreScaled>, outer<Bytes>, sums<Bytes>},
          {product<Words, StoreScaled>, outer<Words>, sums<Words>},
          interleave_bytes<Lanes>,
          interleave_words};
}
