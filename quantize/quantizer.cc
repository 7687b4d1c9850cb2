#include "fracbit/quantize/quantizer.h"

namespace fracbit::quantize {

void Quantizer::set_random(uint64_t, uint32_t, uint64_t) {}

}  // namespace fracbit::quantize
