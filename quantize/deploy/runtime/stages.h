#pragma once

#include "fracbit/quantize/deploy/runtime/stage.h"

namespace fracbit::deploy::runtime {

/// The makers that make_stage() chooses from.

std::unique_ptr<const Stage> make_block_stage(const Block& block, const Layout& in,
                                              const Layout& out, std::string_view isa);
std::unique_ptr<const Stage> make_pool_stage(const Pool& pool, const Layout& in, const Layout& out);
std::unique_ptr<const Stage> make_mean_stage(const Layout& in, const Layout& out);
std::unique_ptr<const Stage> make_scale_stage(const Scale& scale, const Layout& in,
                                              const Layout& out);
std::unique_ptr<const Stage> make_normalize_stage(const Normalize& normalize, const Layout& in,
                                                  const Layout& out);
std::unique_ptr<const Stage> make_quantize_stage(const Quantize& quantize, const Layout& in,
                                                 const Layout& out, std::string_view isa);

}  // namespace fracbit::deploy::runtime
