#include "fracbit/framework/ops/integer_levels/format.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/intdot/training/training.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_levels {
namespace {

constexpr int64_t kGrain = 1 << 16;

static_assert(kGroup == intdot::kGroup && kLanes == intdot::kLanes && kBlock == intdot::kBlock);

/// What `find` has for the instruction set in use.
template <typename Kernels>
const Kernels& found(const Kernels* (*find)(const char*) noexcept) {
  const Kernels* kernels = find(std::string(isa_name(active_isa())).c_str());
  return kernels != nullptr ? *kernels : *find("scalar");
}

}  // namespace

const intdot::Kernels& active_kernels() {
  static const intdot::Kernels& active = found(intdot::find);
  return active;
}

Format Format::of(IntWidth a, IntWidth b) {
  static const intdot::training::Kernels& training = found(intdot::training::find);
  const intdot::Kernels& kernels = active_kernels();
  return {kernels.fast_bytes && a == IntWidth::int8 && b == IntWidth::int8, &kernels, &training};
}

void (*Format::integers() const)(const intdot::Product&) noexcept {
  return bytes ? kernels->bytes : kernels->words;
}

const intdot::training::Format& Format::gradients() const {
  return bytes ? training->bytes : training->words;
}

Numbers::Numbers(const IntTensor& ints, const Format& format) {
  if (ints.width() == IntWidth::int16) {
    words_ = ints.data<int16_t>();
  } else if (format.bytes) {
    bytes_ = ints.data<int8_t>();
  } else {
    widened_ = Buffer<int16_t>(ints.size());
    const int8_t* from = ints.data<int8_t>();
    parallel_for(ints.size(), kGrain, [&](int64_t begin, int64_t end) {
      std::copy(from + begin, from + end, widened_.data() + begin);
    });
    words_ = widened_.data();
  }
}

int64_t magnitude(const IntTensor& ints) {
  if (ints.width() == IntWidth::int8) return 128;
  const int16_t* from = ints.data<int16_t>();
  std::vector<int32_t> most(static_cast<size_t>((ints.size() + kGrain - 1) / kGrain));
  parallel_for(ints.size(), kGrain, [&](int64_t begin, int64_t end) {
    int16_t low = 0;
    int16_t high = 0;
    for (int64_t i = begin; i < end; ++i) {
      low = std::min(low, from[i]);
      high = std::max(high, from[i]);
    }
    most[static_cast<size_t>(begin / kGrain)] = std::max(int32_t{high}, -int32_t{low});
  });
  return most.empty() ? 0 : *std::max_element(most.begin(), most.end());
}

void check_width(const char* op, const char* name, const IntTensor& ints) {
  if (ints.width() != IntWidth::int32) return;
  throw ConfigError("[" + std::string(op) + "] expects integers of 8 or 16 bits, got 32 for " +
                    name);
}

void check_sum(const char* op, int64_t terms, int64_t a, int64_t b) {
  const int64_t most = a * b;
  if (most == 0 || terms <= std::numeric_limits<int32_t>::max() / most) return;
  throw ShapeError("[" + std::string(op) + "] expects sums that fit 32 bits, got " +
                   std::to_string(terms) + " products of up to " + std::to_string(most));
}

}  // namespace fracbit::ops::integer_levels
