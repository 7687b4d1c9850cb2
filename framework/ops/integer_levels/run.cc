#include "fracbit/framework/ops/integer_levels/run.h"

#include <algorithm>

#include "fracbit/framework/kernels/intdot/intdot.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_levels {
namespace {

/// From so many images on, an image is a task.
constexpr int64_t kManyImages = 8;
/// A piece of an image.
constexpr int64_t kPiecePixels = 128;
constexpr int64_t kPieceLanes = 64;

intdot::Product product_of(const Job& job, const uint8_t* groups, int64_t image) {
  const Windows& windows = *job.windows;
  const Filters& filters = *job.filters;
  intdot::Product d{};
  d.x = groups;
  d.window = windows.window.data();
  d.tap = windows.tap.data();
  d.pixels = windows.pixels();
  d.taps = windows.taps();
  d.run = windows.image.run;
  d.w = filters.groups.data();
  d.factor = filters.factor;
  d.term = filters.terms.data();
  d.term_step = filters.term_step;
  d.term_row = windows.term_row.empty() ? nullptr : windows.term_row.data();
  d.lanes = filters.lanes;
  d.place = windows.place.data();
  job.target(image, d);
  return d;
}

/// The part of a product from a pixel and a lane on.
void narrow(intdot::Product& d, int64_t pixel, int64_t lane) {
  d.window += pixel;
  d.place += pixel;
  d.pixels = std::min(kPiecePixels, d.pixels - pixel);
  d.lanes = std::min(kPieceLanes, d.lanes - lane);
  d.w += lane / kLanes * d.taps * d.run * kBlock;
  d.term += lane;
  if (d.term_row != nullptr) d.term_row += pixel;
  if (d.out != nullptr) d.out += lane;
  if (d.y != nullptr) d.y += lane, d.scale += pixel * d.scale_step;
}

void run_pieces(const Job& job) {
  const int64_t bytes = job.windows->image.bytes();
  Buffer<uint8_t> groups(job.images * bytes);
  parallel_for(job.images, 1,
               [&](int64_t begin, int64_t) { job.build(begin, groups.data() + begin * bytes); });
  const int64_t down = (job.windows->pixels() + kPiecePixels - 1) / kPiecePixels;
  const int64_t across = (job.filters->lanes + kPieceLanes - 1) / kPieceLanes;
  parallel_for(job.images * down * across, 1, [&](int64_t piece, int64_t) {
    const int64_t image = piece / (down * across);
    intdot::Product d = product_of(job, groups.data() + image * bytes, image);
    narrow(d, piece / across % down * kPiecePixels, piece % across * kPieceLanes);
    job.kernel(d);
  });
}

}  // namespace

void run(const Job& job) {
  if (job.windows->pixels() == 0 || job.filters->lanes == 0) return;
  if (job.images < kManyImages) return run_pieces(job);
  parallel_for(job.images, 1, [&](int64_t image, int64_t) {
    Buffer<uint8_t> groups(job.windows->image.bytes());
    job.build(image, groups.data());
    job.kernel(product_of(job, groups.data(), image));
  });
}

}  // namespace fracbit::ops::integer_levels
