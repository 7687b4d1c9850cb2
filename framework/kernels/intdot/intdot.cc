#include "fracbit/framework/kernels/intdot/intdot.h"

#include <cstring>

namespace fracbit::kernels::intdot {

#include "fracbit/framework/kernels/exact.inc.h"

extern const Kernels kReference;

const Kernels* find(const char* isa) noexcept {
  return std::strcmp(isa, kReference.name) == 0 ? &kReference : exact(isa);
}

}  // namespace fracbit::kernels::intdot
