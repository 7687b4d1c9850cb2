/// Precompiled for the program where asked (-Dprecompile=true).
#include <nlohmann/json.hpp>

#include "standard.h"
