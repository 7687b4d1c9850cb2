#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fracbit/framework/module.h"

namespace fracbit::layers {

/// A small instance of a layer and an input it takes, for the tests that walk the catalogue.
struct Example {
  std::string name;
  std::shared_ptr<Module> module;
  Shape input;
};

/// A layer of the catalogue.
struct Entry {
  std::string_view name;
  std::vector<Example> (*examples)();
};

/// All layers in catalogue order.
std::vector<Entry> catalogue();

}  // namespace fracbit::layers
