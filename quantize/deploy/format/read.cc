#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "fracbit/framework/crc32c.h"
#include "fracbit/framework/error.h"
#include "fracbit/quantize/deploy/format.h"
#include "fracbit/quantize/deploy/format/checks.h"
#include "fracbit/quantize/deploy/format/parts.h"
#include "fracbit/quantize/deploy/format/plane_coding.h"

namespace fracbit::deploy {
namespace {

/// Little-endian numbers one after the other. Nothing is allocated for numbers that are not there.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  int64_t u8() { return static_cast<int64_t>(number(1)); }
  int64_t u16() { return static_cast<int64_t>(number(2)); }
  int64_t u32() { return static_cast<int64_t>(number(4)); }
  uint64_t u64() { return number(8); }
  float real() { return std::bit_cast<float>(static_cast<uint32_t>(number(4))); }
  int32_t integer(int bytes) {
    return bytes == 2 ? static_cast<int16_t>(number(2)) : static_cast<int32_t>(number(4));
  }
  std::vector<float> floats(int64_t count) {
    return numbers<float>(count, 4, [&] { return real(); });
  }
  std::vector<int16_t> shorts(int64_t count) {
    return numbers<int16_t>(count, 2, [&] { return static_cast<int16_t>(number(2)); });
  }
  std::vector<int32_t> integers(int64_t count, int bytes) {
    return numbers<int32_t>(count, bytes, [&] { return integer(bytes); });
  }
  std::string text(int64_t size) {
    const auto from = take(size);
    return {reinterpret_cast<const char*>(from.data()), from.size()};
  }
  /// An enumerator, which has to be at most `last`.
  template <typename E>
  E choice(const char* name, E last) {
    const int64_t value = u8();
    require_between(name, value, 0, static_cast<int64_t>(last));
    return static_cast<E>(value);
  }
  std::span<const std::byte> rest() const { return bytes_.subspan(at_); }
  std::span<const std::byte> take(int64_t size) {
    if (size > static_cast<int64_t>(bytes_.size() - at_)) {
      throw ConfigError("expects " + std::to_string(size) + " bytes at offset " +
                        std::to_string(at_) + ", found " + std::to_string(bytes_.size() - at_));
    }
    const auto taken = bytes_.subspan(at_, static_cast<size_t>(size));
    at_ += taken.size();
    return taken;
  }

 private:
  uint64_t number(int bytes) {
    uint64_t value = 0;
    int shift = 0;
    for (const std::byte byte : take(bytes)) {
      value |= std::to_integer<uint64_t>(byte) << shift;
      shift += 8;
    }
    return value;
  }
  template <typename T, typename Next>
  std::vector<T> numbers(int64_t count, int bytes, const Next& next) {
    if (count > static_cast<int64_t>(rest().size()) / bytes) take(count * bytes);
    std::vector<T> values(static_cast<size_t>(count));
    for (T& value : values) value = next();
    return values;
  }

  std::span<const std::byte> bytes_;
  size_t at_ = 0;
};

void read_planes(Reader& in, Weights& w) {
  // Every element has a bit at least, so the planes are in proportion to the bytes that are left.
  const int64_t least = w.coding == Coding::codes ? w.size() * w.bits : w.size();
  if (least > static_cast<int64_t>(in.rest().size()) * 8) in.take(least / 8);
  w.words.resize(static_cast<size_t>(w.filters * w.taps() * w.words_per_row()));
  BitReader bits(in.rest());
  const bool whole = get_planes(bits, w);
  require(whole, "planes that are whole");
  require(bits.ends_in_zeros(), "zeros after the last plane");
  in.take(static_cast<int64_t>(bits.bytes_read()));
}

Weights read_weights(Reader& in) {
  Weights w;
  w.coding = in.choice("a coding", Coding::grid);
  w.bits = static_cast<int>(in.u8());
  w.unit = in.choice("a mask unit", MaskUnit::filter);
  for (int64_t* extent : {&w.filters, &w.kernel_height, &w.kernel_width, &w.channels}) {
    *extent = in.u32();
  }
  check_extents(w);
  if (w.coding == Coding::float32) {
    w.values = in.floats(w.size());
    return w;
  }
  w.scales = in.floats(in.u32());
  if (w.coding == Coding::grid) w.levels = in.shorts(in.u32());
  check_scales(w);
  read_planes(in, w);
  return w;
}

/// Of an activation of that many channels.
Output read_output(Reader& in, int64_t channels) {
  Output out;
  out.form = in.choice("a form", Form::grid);
  out.activation = in.choice("an activation", Activation::hard_tanh);
  if (out.form == Form::floats) return out;
  out.bits = static_cast<int>(in.u8());
  out.key = in.choice("a key", Key::channel);
  out.scales = in.floats(in.u8());
  const bool terms = out.form == Form::residual || out.form == Form::grid;
  require_between("bits", out.bits, 1, kMostTerms);
  if (terms && out.key == Key::channel) {
    for (const std::byte width : in.take(channels)) {
      out.widths.push_back(std::to_integer<uint8_t>(width));
    }
  } else if (terms) {
    out.cuts = in.floats(out.bits - 1);
  }
  if (out.form == Form::grid) out.levels = in.shorts(out.bits);
  return out;
}

Thresholds read_thresholds(Reader& in, const Block& block, const Value& x) {
  Thresholds t;
  t.count = static_cast<int>(in.u8());
  const int64_t filters = block.weights.filters;
  BitReader bits(in.take((filters + 7) / 8));
  for (int64_t f = 0; f < filters; ++f) t.descending.push_back(static_cast<uint8_t>(bits.get(1)));
  require(bits.ends_in_zeros(), "zeros after the last direction");
  const int64_t above = filters * t.count;
  const int64_t below = block.output.activation == Activation::cabs ? above : 0;
  if (is_exact(block, x)) {
    const int bytes = threshold_bytes(largest_sum(block, x));
    t.above = in.integers(above, bytes);
    t.below = in.integers(below, bytes);
  } else {
    t.above_real = in.floats(above);
    t.below_real = in.floats(below);
  }
  return t;
}

Op read_block(Reader& in, const Value& x) {
  Block block;
  const int64_t flags = in.u8();
  require_between("flags", flags, 0, 2 * kBeforeNorm - 1);
  block.weights = read_weights(in);
  for (int64_t* extent : {&block.stride, &block.padding_begin, &block.padding_end, &block.groups}) {
    *extent = in.u32();
  }
  const int64_t filters = block.weights.filters;
  if ((flags & kBias) != 0) block.bias = in.floats(filters);
  if ((flags & kNorm) != 0) {
    block.slope = in.floats(filters);
    block.offset = in.floats(filters);
  }
  if ((flags & kWindow) != 0) {
    block.window.size = in.u32();
    block.window.stride = in.u32();
    require(block.window.size > 0, "a window");
  }
  block.window.before_norm = (flags & kBeforeNorm) != 0;
  block.output = read_output(in, filters);
  if ((flags & kThresholds) != 0) block.thresholds = read_thresholds(in, block, x);
  return block;
}

Op read_op(Reader& in, const Value& x) {
  const int64_t kind = in.u8();
  require_between("a kind", kind, 0, static_cast<int64_t>(std::variant_size_v<Op>) - 1);
  switch (kind) {
    case 0:
      return read_block(in, x);
    case 1: {
      Pool pool;
      const int64_t average = in.u8();
      require_between("a pooling", average, 0, 1);
      pool.average = average == 1;
      for (int64_t* extent : {&pool.size, &pool.stride, &pool.padding_begin, &pool.padding_end}) {
        *extent = in.u32();
      }
      return pool;
    }
    case 2:
      return GlobalMean{};
    case 3:
      return Scale{in.real()};
    case 4: {
      Normalize normalize;
      for (auto* values : {&normalize.mean, &normalize.slope, &normalize.offset}) {
        *values = in.floats(x.channels);
      }
      return normalize;
    }
    default:
      return Quantize{read_output(in, x.channels)};
  }
}

void read_header(Reader& in, std::span<const std::byte> bytes) {
  in.take(kMagicBytes);
  require(has_magic(bytes), "a packed model of fracbit, found another kind of file");
  const int64_t version = in.u32();
  require_between("format version", version, kFormatVersion, kFormatVersion);
  const int64_t sum = in.u32();
  const uint64_t size = in.u64();
  if (size != bytes.size()) {
    throw ConfigError("expects " + std::to_string(size) + " bytes, found " +
                      std::to_string(bytes.size()));
  }
  const uint32_t found = crc32c(bytes.subspan(kSizeAt));
  if (found != static_cast<uint64_t>(sum)) {
    throw ConfigError("expects the checksum " + crc32c_text(static_cast<uint32_t>(sum)) +
                      ", found " + crc32c_text(found));
  }
}

Model read(std::span<const std::byte> bytes) {
  Reader in(bytes);
  read_header(in, bytes);
  Model model;
  for (int64_t* extent : {&model.height, &model.width, &model.channels}) *extent = in.u32();
  const int64_t texts = in.u16();
  const int64_t ops = in.u16();
  for (int64_t i = 0; i < texts; ++i) {
    const int64_t key = in.u16();
    const int64_t text = in.u16();
    std::string name = in.text(key);
    model.metadata.emplace_back(std::move(name), in.text(text));
  }
  Tracer tracer(model);
  require_between("ops", ops, 1, kMostOps);
  for (int64_t i = 0; i < ops; ++i) {
    try {
      model.ops.push_back(read_op(in, tracer.value()));
      tracer.add(model.ops.back());
    } catch (const ConfigError& error) {
      throw ConfigError("op " + std::to_string(i) + " " + error.what());
    }
  }
  require(in.rest().empty(), "the end after the last op");
  tracer.finish();
  return model;
}

}  // namespace

bool has_magic(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagicBytes && std::memcmp(bytes.data(), kMagic, kMagicBytes) == 0;
}

Model read_model(std::span<const std::byte> bytes, std::string_view name) {
  try {
    return read(bytes);
  } catch (const ConfigError& error) {
    throw FileError(std::string(name) + ": " + error.what());
  }
}

}  // namespace fracbit::deploy
