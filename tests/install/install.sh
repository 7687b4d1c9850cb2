#!/bin/sh
# Installs the library into an empty folder and builds and runs the program of the README against it, as an embedder
# would: with pkg-config and nothing of the source tree.
# usage: install.sh BUILD_DIRECTORY PROGRAM.cc COMPILER...
set -eu
build=$1 program=$2
shift 2
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
readme=$(dirname "$program")/../../README.md
awk '/^```cpp/ { on = 1; next } /^```/ { on = 0 } on' "$readme" | diff - "$program" ||
  { echo "README.md shows another program"; exit 1; }
meson install -C "$build" --no-rebuild --quiet --tags devel --destdir "$prefix"

package=$(find "$prefix" -name fracbit.pc)
PKG_CONFIG_PATH=$(dirname "$package")
PKG_CONFIG_SYSROOT_DIR=$prefix
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
if find "$prefix" -path '*kernels*' | grep .; then
  echo "kernels are internal, but their headers were installed"
  exit 1
fi
# shellcheck disable=SC2046  # lists of flags
"$@" -std=c++20 -Wall -Wextra -Werror $(pkg-config --cflags --static fracbit) "$program" -o "$prefix/example" \
  $(pkg-config --libs --static fracbit)
cd "$prefix"
./example
