// The loop of table lookups, after Lanes, which offers
//   look(sum, entries)   sum + the entries that its bytes choose, neighbours added
// A looked-up byte is the sum of 4 products. Sums begin with different numbers, or one would do.

constexpr int kLooks = 12;

void table(const uint64_t* data, int64_t rounds, uint64_t* sink) noexcept {
  Lanes::Ints sums[kLooks];
  FRACBIT_UNROLL
  for (int i = 0; i < kLooks; ++i) sums[i] = Lanes::load(data + i * Lanes::kInts);
  const Lanes::Ints entries = Lanes::load(data);
  for (int64_t r = 0; r < rounds; ++r) {
    FRACBIT_UNROLL
    for (int i = 0; i < kLooks; ++i) sums[i] = Lanes::look(sums[i], entries);
  }
  Lanes::Ints total = Lanes::zero();
  FRACBIT_UNROLL
  for (int i = 0; i < kLooks; ++i) total = Lanes::add(total, sums[i]);
  Lanes::store(total, sink);
}

constexpr Loop kTable{kLooks * Lanes::kInts * 8 * 4, table};
