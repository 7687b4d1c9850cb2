#include <cstdint>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

namespace fracbit::kernels::bitgemm {
namespace {

/// One 64-bit word at a time, with the baseline instructions of the compiler.
struct Lanes {
  using Word = uint64_t;
  static constexpr int kCount = 1, kVectors = 4, kCodePixels = 1, kMaskPixels = 1, kUnroll = 1;

  static Word load(const uint64_t* p) { return *p; }
  static Word broadcast(const uint64_t* p) { return *p; }
  static Word zero() { return 0; }
  static Word add(Word a, Word b) { return a + b; }
  static Word sub(Word a, Word b) { return a - b; }
  static Word op_and(Word a, Word b) { return a & b; }
  static Word op_xor(Word a, Word b) { return a ^ b; }
  static Word op_xor_and(Word a, Word b, Word mask) { return (a ^ b) & mask; }
  /// Counts of 2, then 4, then 8 neighbouring bits, then the sum of the bytes.
  static Word popcount(Word a) {
    a -= (a >> 1) & 0x5555555555555555u;
    a = (a & 0x3333333333333333u) + ((a >> 2) & 0x3333333333333333u);
    a = (a + (a >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (a * 0x0101010101010101u) >> 56;
  }
  static int32_t popcount_word(uint64_t word) { return static_cast<int32_t>(popcount(word)); }
  struct Sums {
    uint32_t of[kVectors];
  };
  template <typename F>
  static Sums each(F f) {
    Sums sums;
    for (int v = 0; v < kVectors; ++v) sums.of[v] = static_cast<uint32_t>(f(v));
    return sums;
  }
  static Sums narrow(const Word (&words)[kVectors]) {
    return each([&](int v) { return words[v]; });
  }
  static Sums sums_splat(int32_t a) {
    return each([&](int) { return a; });
  }
  static Sums sums_add(Sums a, Sums b) {
    return each([&](int v) { return a.of[v] + b.of[v]; });
  }
  static Sums sums_mul(Sums a, Sums b) {
    return each([&](int v) { return a.of[v] * b.of[v]; });
  }
  static Sums sums_load(const int32_t* p) {
    return each([&](int v) { return p[v]; });
  }
  static void sums_store(Sums a, int32_t* p) {
    for (int v = 0; v < kVectors; ++v) p[v] = static_cast<int32_t>(a.of[v]);
  }
  static void sums_store_narrow(Sums a, int16_t* p) {
    for (int v = 0; v < kVectors; ++v) p[v] = static_cast<int16_t>(a.of[v]);
  }
};

#include "fracbit/framework/kernels/bitgemm/loops.inc.h"

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = make_kernels("scalar");

}  // namespace fracbit::kernels::bitgemm
