// Apart from fbit.cc, so that programs without files do not link it.

#include "fracbit/quantize/deploy/runtime/fbit_model.h"

extern "C" fbit_model* fbit_load(const char* path) {
  return fracbit::deploy::make_fbit(
      [&] { return fracbit::deploy::PackedModel::load(std::string(path)); });
}
