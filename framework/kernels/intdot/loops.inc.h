// The kernels of every instruction set. Included once by each of its files, after Lanes.

#include "fracbit/framework/kernels/intdot/products.inc.h"

struct StoreIntegers {
  static void put(const Product& d, int64_t pixel, int64_t lane, Lanes::Ints value, int count) {
    Lanes::store(d.out + d.place[pixel] + lane, value, count);
  }
};

constexpr Kernels make_kernels(const char* name, bool fast_bytes) {
  return {name, fast_bytes, product<Bytes, StoreIntegers>, product<Words, StoreIntegers>};
}
