#!/bin/sh
# The lints find what they are for: each is run over a small tree of wrong files and must name every one.
# usage: selftest.sh LINT_DIRECTORY NM COMPILER...
set -eu
lint=$1 nm=$2
shift 2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
mkdir -p framework/kernels/tile framework/ops quantize layers data models apps tests/lint include
ln -s "$tree" include/fracbit
touch tests/lint/meson.build
failures=0

# expect NAME TEXT: the output of the last lint holds TEXT.
expect() {
  if ! grep -qF -e "$1" output; then
    echo "selftest: not found by the lint: $1"
    cat output
    failures=$((failures + 1))
  fi
}

echo '#include "fracbit/framework/error.h"' > framework/kernels/tile/tile.h
echo '#include "fracbit/layers/conv2d.h"' > quantize/quantizer.h
echo '#include "fracbit/framework/kernels/tile/tile.h"' > framework/tensor.h
echo '#include <omp.h>' > layers/conv2d.cc
echo '#include <nlohmann/json.hpp>' > data/data.h
echo '#include "../models/models.h"' > models/mlp.cc
"$lint/includes.sh" "$tree" > output && echo "selftest: includes.sh passed a wrong tree" && failures=1
expect 'framework/kernels/tile/tile.h:1: kernels may not include framework'
expect 'quantize/quantizer.h:1: quantize may not include layers'
expect 'framework/tensor.h:1: kernels are included in .cc only'
expect 'layers/conv2d.cc:1: this file may not include omp.h'
expect 'data/data.h:1: this file may not include nlohmann'
expect 'models/mlp.cc:1: write "fracbit/<folder>/<file>.h"'

echo '// TO''DO: more' > layers/conv2d.cc
echo 'void f() { std::cout << 1; }' > models/mlp.cc
echo 'void g() { std::mt19937 engine; }' > data/data.h
"$lint/house_rules.sh" "$tree" > output && echo "selftest: house_rules.sh passed a wrong tree" && failures=1
expect 'unfinished: layers/conv2d.cc:1'
expect 'the library never prints: models/mlp.cc:1'
expect 'random numbers come from Random: data/data.h:1'

rm -r framework quantize layers data models
mkdir framework quantize layers data models
echo 'inline std::string name();' > layers/alone.h
"$lint/headers.sh" "$tree" "$tree/include" "$@" > output 2>&1 && echo "selftest: headers.sh passed" && failures=1
expect 'does not compile alone: layers/alone.h'

echo 'inline int shared(int x) { return x + 1; } int use(int x) { return shared(x); }' > weak.cc
"$@" -O0 -c weak.cc -o weak.o
ar rcs libfracbit_avx2.a weak.o
"$lint/weak_symbols.sh" "$nm" libfracbit_avx2.a > output && echo "selftest: weak_symbols.sh passed" && failures=1
expect 'shared(int)'

exit "$failures"
