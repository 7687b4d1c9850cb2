#include "fracbit/framework/kernels/intdot/training/training.h"

#include <cstring>

namespace fracbit::kernels::intdot::training {

#include "fracbit/framework/kernels/exact.inc.h"

extern const Kernels kReference;

const Kernels* find(const char* isa) noexcept {
  return std::strcmp(isa, kReference.name) == 0 ? &kReference : exact(isa);
}

}  // namespace fracbit::kernels::intdot::training
