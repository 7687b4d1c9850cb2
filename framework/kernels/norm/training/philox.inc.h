// Noise from several vectors of blocks at a time, of which each waits for its products. PhiloxLanes
// offers kBlocks, kChains (vectors at a time), constructors of nothing and from the first block,
// round and store.

/// Blocks first, first + 1, ... of a stretch; kChains vectors of them.
template <int kChains>
void noise_of(const Philox& philox, uint32_t first, real* sigma) {
  PhiloxLanes lanes[kChains];
  FRACBIT_UNROLL
  for (int i = 0; i < kChains; ++i) {
    lanes[i] = PhiloxLanes(philox, first + static_cast<uint32_t>(i * PhiloxLanes::kBlocks));
  }
  uint32_t key0 = philox.key[0], key1 = philox.key[1];
  // Unrolled, what all blocks share in the first two rounds is computed once.
  FRACBIT_UNROLL
  for (int round = 0; round < 10; ++round) {
    FRACBIT_UNROLL
    for (int i = 0; i < kChains; ++i) lanes[i].round(key0, key1);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  FRACBIT_UNROLL
  for (int i = 0; i < kChains; ++i) lanes[i].store(sigma + 4 * PhiloxLanes::kBlocks * i);
}

void noise(const Philox& philox, int64_t blocks, real* sigma) noexcept {
  constexpr int kChains = PhiloxLanes::kChains;
  constexpr int64_t kStep = kChains * PhiloxLanes::kBlocks;
  uint32_t first = philox.counter[0];
  for (; blocks >= kStep; blocks -= kStep, first += kStep, sigma += 4 * kStep) {
    noise_of<kChains>(philox, first, sigma);
  }
  if (blocks == 0) return;
  real rest[4 * kStep];
  noise_of<kChains>(philox, first, rest);
  for (int64_t i = 0; i < 4 * blocks; ++i) sigma[i] = rest[i];
}
