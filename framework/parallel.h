#pragma once

#include <cstdint>
#include <functional>

namespace fracbit {

/// Number of threads that parallel_for uses; at least 1. Results never depend on it.
int threads();
/// Throws ConfigError unless 1 <= count <= 1024. 0 means all processors this process may run on.
void set_threads(int count);

/// Calls body(begin, end) for consecutive blocks of [0, n), each `grain` long but the last. The
/// blocks depend on n and grain alone, never on the number of threads, and may run in any order.
/// The first exception thrown by a body is rethrown here. Calls inside a body run serially.
void parallel_for(int64_t n, int64_t grain,
                  const std::function<void(int64_t begin, int64_t end)>& body);

/// Sum over i of partial(begin, end) per block, added in a fixed binary tree: the same bits for any
/// thread count.
double parallel_sum(int64_t n, int64_t grain,
                    const std::function<double(int64_t begin, int64_t end)>& partial);

/// Adds `count` rows of `width` numbers into the first one, in a fixed binary tree.
void tree_reduce(double* rows, int64_t count, int64_t width);

}  // namespace fracbit
