#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fracbit/quantize/deploy/model.h"
#include "fracbit/quantize/deploy/runtime/layout.h"

namespace fracbit::deploy::runtime {

/// Geometry of a block on an input.
struct Frame {
  Frame(const Block& block, const Layout& in);

  Layout in;
  int64_t out_height, out_width;
  int64_t kernel_height, kernel_width;
  int64_t stride, padding_begin, padding_end;
  int64_t groups, group_channels, group_filters, filters;
  /// One window per image, which is all of it. Then a *line* of sums is an image; otherwise a line
  /// is a row of output pixels of one image.
  bool dense;

  int64_t taps() const { return kernel_height * kernel_width; }
  int64_t filter_size() const { return taps() * group_channels; }
  int64_t line_pixels() const { return dense ? 1 : out_width; }
  /// Rows of the input, border included, under that many lines of a convolution.
  int64_t input_rows(int64_t lines) const { return (lines - 1) * stride + kernel_height; }
};

/// Which sums to make, and where.
struct Part {
  const std::byte* in;   ///< the image, or the first of the images of a dense product
  int64_t first, lines;  ///< lines; first is 0 in a dense product
  int64_t begin, end;    ///< filters, multiples of 64 but the last
  void* sums;            ///< [lines][line_pixels][filters] of the product's type
  std::byte* scratch;
};

/// The product of a block with its weights laid out for the kernels of this machine. Immutable.
class Product {
 public:
  explicit Product(const Frame& frame) : frame_(frame) {}
  virtual ~Product() = default;
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  const Frame& frame() const { return frame_; }
  /// "codes 1x2 popcount (avx512vp)", bits of the weights first.
  virtual std::string name() const = 0;
  virtual SumType type() const = 0;
  virtual int64_t scratch_bytes(int64_t lines) const = 0;
  virtual void run(const Part& part) const noexcept = 0;

 private:
  Frame frame_;
};

/// Of floats: with float weights, or on the levels of quantized ones; inputs may be quantized.
std::unique_ptr<const Product> make_float_product(const Block& block, const Layout& in,
                                                  std::string_view isa);
/// Of codes, signs and residual planes.
std::unique_ptr<const Product> make_bit_product(const Block& block, const Layout& in,
                                                std::string_view isa);
/// Whether the product of a block reads residual planes of ordered channels (Layout), and it.
bool takes_ordered_channels(const Block& block, const Value& x);
std::unique_ptr<const Product> make_channel_product(const Block& block, const Layout& in,
                                                    std::string_view isa);
/// Bytes of each integer of the input that the product of integers on a grid wants.
int grid_bytes(const Block& block, const Value& x, std::string_view isa);
/// Of integers on a grid.
std::unique_ptr<const Product> make_grid_product(const Block& block, const Layout& in,
                                                 std::string_view isa);
/// The one that a block needs on this input.
std::unique_ptr<const Product> make_product(const Block& block, const Layout& in,
                                            std::string_view isa);

}  // namespace fracbit::deploy::runtime
