#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/random.h"
#include "fracbit/quantize/deploy/model.h"

namespace fracbit::deploy::testing {

/// Draws models of all ops, codings, forms and geometries whose float sums are exact in any order,
/// so that everything can be compared to the bit.
class ModelDraw {
 public:
  explicit ModelDraw(uint64_t seed) : random_(seed, 0, 0, Purpose::synthetic_data) {}

  Model model();
  /// Small multiples of 1/4.
  std::vector<float> images(const Model& model, int64_t count);

  int64_t below(int64_t n) { return random_.below(next_++, n); }
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  bool flip() { return below(2) == 1; }
  float normal() { return static_cast<float>(random_.normal(next_++)); }
  /// A multiple of 1/64 in (0, 1].
  float dyadic() { return static_cast<float>(between(1, 64)) / 64; }

  Weights weights(Coding coding, int64_t filters, int64_t kernel, int64_t channels);
  Block block(const Value& x, bool last);

 private:
  void geometry(const Value& x, Block& block, int64_t& kernel);
  void planes(Weights& w);
  void masks(Weights& w, std::vector<uint8_t>& widths);
  void norm(const Value& x, Block& block);
  /// Floats if last, else quantized.
  Output output(bool last, int64_t channels);
  template <typename Add>
  void add_float_op(const Value& x, const Add& add);
  Coding coding(const Value& x);

  Random random_;
  int64_t next_ = 0;
};

}  // namespace fracbit::deploy::testing
