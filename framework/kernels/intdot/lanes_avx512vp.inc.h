// Lanes of the instruction set, for products and for training.

#include "fracbit/framework/kernels/intdot/lanes512.inc.h"

/// Sixteen lanes with VNNI.
struct Lanes : Lanes512 {
  /// In assembly: GCC 12 copies accumulators around these intrinsics, which halves the speed.
  static Ints dot_bytes(Ints acc, Ints x, Ints w) {
    asm("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(x), "v"(w));
    return acc;
  }
  static Ints dot_words(Ints acc, Ints x, Ints w) {
    asm("vpdpwssd %2, %1, %0" : "+v"(acc) : "v"(x), "v"(w));
    return acc;
  }
};
