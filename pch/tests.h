/// Precompiled for the tests where asked (-Dprecompile=true).
#include "../tests/support/catch.h"
#include "standard.h"
