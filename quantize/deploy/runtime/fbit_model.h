#pragma once

#include <exception>

#include "fracbit/quantize/deploy/fbit.h"
#include "fracbit/quantize/deploy/packed_model.h"

/// What the C interface hands out.
struct fbit_model {
  fracbit::deploy::PackedModel packed;
};

namespace fracbit::deploy {

/// Keeps what fbit_error() says in this thread.
void set_fbit_error(const char* text) noexcept;

/// The model that load() returns, or null after set_fbit_error().
template <typename Load>
fbit_model* make_fbit(const Load& load) noexcept {
  try {
    return new fbit_model{load()};
  } catch (const std::exception& error) {
    set_fbit_error(error.what());
    return nullptr;
  }
}

}  // namespace fracbit::deploy
