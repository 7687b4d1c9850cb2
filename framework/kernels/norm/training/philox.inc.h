// Noise from several vectors of blocks at a time, of which each waits for its products. PhiloxLanes
// offers kBlocks, kChains (vectors at a time), Key with key(uint32_t), constructors of nothing and
// from the first block, round and store.

constexpr int kRounds = 10;

/// The keys of all rounds. In memory: in registers they would take the place of words.
struct PhiloxKeys {
  explicit PhiloxKeys(const Philox& philox) {
    uint32_t key0 = philox.key[0], key1 = philox.key[1];
    for (int i = 0; i < kRounds; ++i) {
      of[i][0] = PhiloxLanes::key(key0), of[i][1] = PhiloxLanes::key(key1);
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
  }
  PhiloxLanes::Key of[kRounds][2];
};

/// Blocks first, first + 1, ... of a stretch; kChains vectors of them.
template <int kChains>
void noise_of(const Philox& philox, const PhiloxKeys& keys, uint32_t first, real* sigma) {
  PhiloxLanes lanes[kChains];
  FRACBIT_UNROLL
  for (int i = 0; i < kChains; ++i) {
    lanes[i] = PhiloxLanes(philox, first + static_cast<uint32_t>(i * PhiloxLanes::kBlocks));
  }
  // Unrolled, what all blocks share in the first two rounds is computed once.
  FRACBIT_UNROLL
  for (int round = 0; round < kRounds; ++round) {
    FRACBIT_UNROLL
    for (int i = 0; i < kChains; ++i) lanes[i].round(keys.of[round][0], keys.of[round][1]);
  }
  FRACBIT_UNROLL
  for (int i = 0; i < kChains; ++i) lanes[i].store(sigma + 4 * PhiloxLanes::kBlocks * i);
}

void noise(const Philox& philox, int64_t blocks, real* sigma) noexcept {
  constexpr int kChains = PhiloxLanes::kChains;
  constexpr int64_t kStep = kChains * PhiloxLanes::kBlocks;
  const PhiloxKeys keys(philox);
  uint32_t first = philox.counter[0];
  for (; blocks >= kStep; blocks -= kStep, first += kStep, sigma += 4 * kStep) {
    noise_of<kChains>(philox, keys, first, sigma);
  }
  if (blocks == 0) return;
  real rest[4 * kStep];
  noise_of<kChains>(philox, keys, first, rest);
  for (int64_t i = 0; i < 4 * blocks; ++i) sigma[i] = rest[i];
}
