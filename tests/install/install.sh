#!/bin/sh
# Installs the library into an empty folder and builds and runs the program of the README against it, as an embedder
# would: with nothing of the source tree.
# usage: install.sh pkg-config|cmake BUILD_DIRECTORY PROGRAM.cc COMPILER...
set -eu
how=$1 build=$2 program=$3
shift 3
if [ "$how" = cmake ] && ! command -v cmake >/dev/null; then
  echo "SKIPPED: there is no cmake"
  exit 77
fi
source=$(dirname "$program")
awk '/^```cpp/ { on = 1; next } /^```/ { on = 0 } on' "$source/../../README.md" | diff - "$program" ||
  { echo "README.md shows another program"; exit 1; }
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
meson install -C "$build" --no-rebuild --quiet --tags devel,runtime --destdir "$prefix"
if find "$prefix" -path '*/kernels/*' | grep .; then
  echo "kernels are internal, but their headers were installed"
  exit 1
fi
package=$(find "$prefix" -name fracbit.pc)
library=$(dirname "$(dirname "$package")")

if [ "$how" = cmake ]; then
  CXX="$*" cmake -S "$source" -B "$prefix/build" "-Dfracbit_DIR=$library/cmake/fracbit" \
    -DCMAKE_CXX_FLAGS="-Wall -Wextra -Werror" >/dev/null
  cmake --build "$prefix/build" >/dev/null
  mv "$prefix/build/example" "$prefix/example"
else
  PKG_CONFIG_PATH=$(dirname "$package")
  PKG_CONFIG_SYSROOT_DIR=$prefix
  export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
  # shellcheck disable=SC2046  # lists of flags
  "$@" -std=c++20 -Wall -Wextra -Werror $(pkg-config --cflags --static fracbit) "$program" -o "$prefix/example" \
    $(pkg-config --libs --static fracbit)
fi
cd "$prefix"
LD_LIBRARY_PATH=$library ./example
