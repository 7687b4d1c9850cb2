#include <bit>
#include <cstring>

#include "fracbit/framework/crc32c.h"
#include "fracbit/quantize/deploy/format.h"
#include "fracbit/quantize/deploy/format/parts.h"
#include "fracbit/quantize/deploy/format/plane_coding.h"

namespace fracbit::deploy {
namespace {

/// Little-endian numbers one after the other.
class Writer {
 public:
  void u8(int64_t value) { number(value, 1); }
  void u16(int64_t value) { number(value, 2); }
  void u32(int64_t value) { number(value, 4); }
  void u64(int64_t value) { number(value, 8); }
  void floats(const std::vector<float>& values) {
    for (const float value : values) number(std::bit_cast<uint32_t>(value), 4);
  }
  void integers(const std::vector<int16_t>& values) {
    for (const int16_t value : values) number(value, 2);
  }
  void text(const std::string& text) {
    for (const char c : text) u8(static_cast<unsigned char>(c));
  }
  void number(int64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
      bytes_.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
  }
  void put(size_t at, int64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
      bytes_[at + static_cast<size_t>(i)] = static_cast<std::byte>(value >> (8 * i) & 0xff);
  }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

void write(const Weights& w, Writer& out) {
  out.u8(static_cast<int64_t>(w.coding));
  out.u8(w.bits);
  out.u8(static_cast<int64_t>(w.unit));
  for (const int64_t extent : {w.filters, w.kernel_height, w.kernel_width, w.channels})
    out.u32(extent);
  if (w.coding == Coding::float32) return out.floats(w.values);
  out.u32(static_cast<int64_t>(w.scales.size()));
  out.floats(w.scales);
  if (w.coding == Coding::grid) {
    out.u32(static_cast<int64_t>(w.levels.size()));
    out.integers(w.levels);
  }
  BitWriter bits(out.bytes());
  put_planes(w, bits);
  bits.finish();
}

void write(const Output& output, Writer& out) {
  out.u8(static_cast<int64_t>(output.form));
  out.u8(static_cast<int64_t>(output.activation));
  if (output.form == Form::floats) return;
  out.u8(output.bits);
  out.u8(static_cast<int64_t>(output.key));
  out.u8(static_cast<int64_t>(output.scales.size()));
  out.floats(output.scales);
  out.floats(output.cuts);
  for (const uint8_t width : output.widths) out.u8(width);
  out.integers(output.levels);
}

void write(const Thresholds& t, int bytes, Writer& out) {
  out.u8(t.count);
  BitWriter bits(out.bytes());
  for (const uint8_t down : t.descending) bits.put(down, 1);
  bits.finish();
  out.floats(t.above_real);
  out.floats(t.below_real);
  for (const auto* integers : {&t.above, &t.below}) {
    for (const int32_t threshold : *integers) out.number(threshold, bytes);
  }
}

void write(const Block& block, const Value& x, Writer& out) {
  const bool thresholds = block.thresholds.count > 0;
  out.u8((block.bias.empty() ? 0 : kBias) | (block.slope.empty() ? 0 : kNorm) |
         (thresholds ? kThresholds : 0) | (block.window.size == 0 ? 0 : kWindow) |
         (block.window.before_norm ? kBeforeNorm : 0));
  write(block.weights, out);
  for (const int64_t extent :
       {block.stride, block.padding_begin, block.padding_end, block.groups}) {
    out.u32(extent);
  }
  out.floats(block.bias);
  out.floats(block.slope);
  out.floats(block.offset);
  if (block.window.size > 0) {
    out.u32(block.window.size);
    out.u32(block.window.stride);
  }
  write(block.output, out);
  if (thresholds) write(block.thresholds, threshold_bytes(largest_sum(block, x)), out);
}

void write(const Pool& pool, const Value&, Writer& out) {
  out.u8(pool.average ? 1 : 0);
  for (const int64_t extent : {pool.size, pool.stride, pool.padding_begin, pool.padding_end}) {
    out.u32(extent);
  }
}

void write(const GlobalMean&, const Value&, Writer&) {}

void write(const Scale& scale, const Value&, Writer& out) {
  out.floats({scale.factor});
}

void write(const Normalize& normalize, const Value&, Writer& out) {
  for (const auto* values : {&normalize.mean, &normalize.slope, &normalize.offset})
    out.floats(*values);
}

void write(const Quantize& quantize, const Value&, Writer& out) {
  write(quantize.output, out);
}

}  // namespace

int64_t stored_bytes(const Weights& weights) {
  constexpr int64_t kFields = 3 + 4 * 4;  // coding, bits, mask unit and extents
  Writer out;
  write(weights, out);
  return static_cast<int64_t>(out.bytes().size()) - kFields;
}

std::vector<std::byte> write_model(const Model& model) {
  const std::vector<Value> values = trace(model);
  Writer out;
  for (const char c : kMagic) out.u8(static_cast<unsigned char>(c));
  out.u32(kFormatVersion);
  out.u32(0);
  out.u64(0);
  for (const int64_t extent : {model.height, model.width, model.channels}) out.u32(extent);
  out.u16(static_cast<int64_t>(model.metadata.size()));
  out.u16(static_cast<int64_t>(model.ops.size()));
  for (const auto& [key, text] : model.metadata) {
    out.u16(static_cast<int64_t>(key.size()));
    out.u16(static_cast<int64_t>(text.size()));
    out.text(key);
    out.text(text);
  }
  for (size_t i = 0; i < model.ops.size(); ++i) {
    out.u8(static_cast<int64_t>(model.ops[i].index()));
    std::visit([&](const auto& op) { write(op, values[i], out); }, model.ops[i]);
  }
  out.put(kSizeAt, static_cast<int64_t>(out.bytes().size()), 8);
  out.put(kSumAt, crc32c(std::span<const std::byte>(out.bytes()).subspan(kSizeAt)), 4);
  return std::move(out.bytes());
}

}  // namespace fracbit::deploy
