// The products number by number, as their definition reads. Slow, and checked by eye.

#include "fracbit/framework/kernels/intdot/intdot.h"

namespace fracbit::kernels::intdot {
namespace {

#include "fracbit/framework/kernels/intdot/reference.inc.h"

template <Dot dot>
void integers(const Product& d) noexcept {
  for (int64_t p = 0; p < d.pixels; ++p) {
    for (int64_t l = 0; l < d.lanes; ++l) d.out[d.place[p] + l] = sum_of(d, dot, p, l);
  }
}

}  // namespace

extern const Kernels kReference;
const Kernels kReference = {"reference", true, integers<dot_bytes>, integers<dot_words>};

}  // namespace fracbit::kernels::intdot
