#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fracbit/quantize/deploy/executor.h"
#include "fracbit/quantize/deploy/model.h"
#include "fracbit/quantize/deploy/runtime/layout.h"
#include "fracbit/quantize/deploy/runtime/memory.h"

namespace fracbit::deploy::runtime {

/// One op with its weights laid out for the kernels of this machine. Immutable.
class Stage {
 public:
  Stage(const Layout& in, const Layout& out) : in_(in), out_(out) {}
  virtual ~Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  const Layout& in() const { return in_; }
  const Layout& out() const { return out_; }

  /// What computes it: "signs 1x1 popcount (avx512vp)".
  virtual std::string name() const = 0;
  /// Memory that each of its tasks needs.
  virtual int64_t scratch_bytes() const = 0;
  /// Makes the results of `images` images. `in` and `out` are images in the layouts of this stage;
  /// borders and unused bits of `out` stay as they are. Throws std::bad_alloc.
  virtual void run(int64_t images, const std::byte* in, std::byte* out, const Executor& executor,
                   MemoryPool& pool) const = 0;

 private:
  Layout in_;
  Layout out_;
};

/// The stage of an op between activations of these layouts; `isa` as in kernels::bitgemm::find.
std::unique_ptr<const Stage> make_stage(const Op& op, const Layout& in, const Layout& out,
                                        std::string_view isa);

}  // namespace fracbit::deploy::runtime
