#pragma once

#include <string_view>

#include "fracbit/framework/ops/bit_product/plan.h"

namespace fracbit::kernels::bitgemm {
struct Kernels;
}  // namespace fracbit::kernels::bitgemm

namespace fracbit::kernels::lookup {
struct Kernels;
}

namespace fracbit::ops::bit_product {

/// The kernels of an instruction set. Throws ConfigError if this build has none.
const kernels::bitgemm::Kernels& require_kernels(std::string_view isa);

/// The lookups of an instruction set if sums of such a plan come from tables of x; null if from
/// counted bits. Several taps share each table, and so do the filters of a group.
const kernels::lookup::Kernels* lookup_kernels(const Plan& plan, int64_t taps,
                                               int64_t group_filters, std::string_view isa);

/// The name of the active instruction set, or the portable one where this build has no bit kernels
/// for it.
std::string_view active_kernels();

}  // namespace fracbit::ops::bit_product
