#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

#include <cstring>

namespace fracbit::kernels::bitgemm {

#include "fracbit/framework/kernels/exact.inc.h"

extern const Kernels kReference;

const Kernels* find(const char* isa) noexcept {
  return std::strcmp(isa, kReference.name) == 0 ? &kReference : exact(isa);
}

}  // namespace fracbit::kernels::bitgemm
