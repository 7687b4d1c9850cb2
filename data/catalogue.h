#pragma once

#include "data/catalogue.inc"
#include "fracbit/data/data.h"

/// One function per data set of meson.build; each is defined in the file of its name.
namespace fracbit::data::catalogue {

#define FRACBIT_DECLARE(name) const Entry& name();
FRACBIT_DATASETS(FRACBIT_DECLARE)
#undef FRACBIT_DECLARE

}  // namespace fracbit::data::catalogue
