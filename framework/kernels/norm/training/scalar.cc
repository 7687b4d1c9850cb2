#include <cstdint>

#include "fracbit/framework/kernels/norm/training/training.h"

namespace fracbit::kernels::norm::training {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"

using Wide = One;

/// Philox4x32-10, Salmon et al. 2011.
void noise(const Philox& philox, int64_t blocks, real* sigma) noexcept {
  for (int64_t b = 0; b < blocks; ++b, sigma += 4) {
    uint32_t c[4] = {philox.counter[0] + static_cast<uint32_t>(b), philox.counter[1],
                     philox.counter[2], philox.counter[3]};
    uint32_t k0 = philox.key[0], k1 = philox.key[1];
    for (int round = 0; round < 10; ++round) {
      const uint64_t p0 = uint64_t{0xD2511F53u} * c[0];
      const uint64_t p1 = uint64_t{0xCD9E8D57u} * c[2];
      c[0] = static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0;
      c[2] = static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1;
      c[1] = static_cast<uint32_t>(p1);
      c[3] = static_cast<uint32_t>(p0);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < 4; ++i) {
      // u + 2^-25 - 1/2 is an odd multiple of 2^-25 below 1/2: exact in 24 bits.
      const int32_t odd = static_cast<int32_t>(c[i] >> 8) * 2 + 1 - (1 << 24);
      sigma[i] = static_cast<real>(odd) * static_cast<real>(0x1p-25);
    }
  }
}

#include "fracbit/framework/kernels/norm/training/loops.inc.h"

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = make_kernels("scalar");

}  // namespace fracbit::kernels::norm::training
