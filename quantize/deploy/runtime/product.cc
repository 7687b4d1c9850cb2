#include "fracbit/quantize/deploy/runtime/product.h"

namespace fracbit::deploy::runtime {

Frame::Frame(const Block& block, const Layout& layout)
    : in(layout),
      kernel_height(block.weights.kernel_height),
      kernel_width(block.weights.kernel_width),
      stride(block.stride),
      padding_begin(block.padding_begin),
      padding_end(block.padding_end),
      groups(block.groups),
      group_channels(block.weights.channels),
      group_filters(block.weights.filters / block.groups),
      filters(block.weights.filters) {
  const int64_t padding = padding_begin + padding_end;
  out_height = (in.value.height + padding - kernel_height) / stride + 1;
  out_width = (in.value.width + padding - kernel_width) / stride + 1;
  dense = padding == 0 && groups == 1 && kernel_height == in.value.height &&
          kernel_width == in.value.width;
}

std::unique_ptr<const Product> make_product(const Block& block, const Layout& in,
                                            std::string_view isa) {
  if (block.weights.coding == Coding::float32 || in.value.form == Form::floats) {
    return make_float_product(block, in, isa);
  }
  if (!in.order.empty()) return make_channel_product(block, in, isa);
  if (in.value.form == Form::grid) return make_grid_product(block, in, isa);
  return make_bit_product(block, in, isa);
}

}  // namespace fracbit::deploy::runtime
