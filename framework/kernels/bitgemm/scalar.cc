#include <cstdint>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

namespace fracbit::kernels::bitgemm {
namespace {

/// One 64-bit word at a time, with the baseline instructions of the compiler.
struct Lanes {
  using Word = uint64_t;
  static constexpr int kCount = 1, kVectors = 4, kCodePixels = 1, kMaskPixels = 1;

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
  static void narrow(const Word (&words)[kVectors], uint32_t* out) {
    for (int v = 0; v < kVectors; ++v) out[v] = static_cast<uint32_t>(words[v]);
  }
};

#include "fracbit/framework/kernels/bitgemm/loops.inc.h"

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = make_kernels("scalar");

}  // namespace fracbit::kernels::bitgemm
