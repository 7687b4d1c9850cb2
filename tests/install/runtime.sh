#!/bin/sh
# Installs the runtime of packed models into an empty folder, builds its C and its C++ example against it, shared and
# static, and runs them on a model: all four print the same scores, and refuse a damaged file with one line.
# usage: runtime.sh pkg-config|cmake BUILD_DIRECTORY EXAMPLES MODEL.fbit COMPILER...
set -eu
how=$1 build=$2 examples=$3 model=$4
shift 4
if [ "$how" = cmake ] && ! command -v cmake >/dev/null; then
  echo "SKIPPED: there is no cmake"
  exit 77
fi
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
meson install -C "$build" --no-rebuild --quiet --tags devel,runtime --destdir "$prefix"
package=$(find "$prefix" -name fracbit-runtime.pc)
library=$(dirname "$(dirname "$package")")
find "$prefix" -name 'libfracbit.*' -delete  # the runtime needs no other library
warnings="-Wall -Wextra -Werror"

if [ "$how" = cmake ]; then
  CXX="$*" cmake -S "$examples" -B "$prefix/build" "-Dfracbit-runtime_DIR=$library/cmake/fracbit-runtime" \
    -DCMAKE_C_FLAGS="$warnings" -DCMAKE_CXX_FLAGS="$warnings" >/dev/null
  cmake --build "$prefix/build" >/dev/null
  programs=$prefix/build
else
  PKG_CONFIG_PATH=$(dirname "$package")
  PKG_CONFIG_SYSROOT_DIR=$prefix
  export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
  flags=$(pkg-config --cflags fracbit-runtime)
  programs=$prefix
  # shellcheck disable=SC2046,SC2086  # lists of flags
  for kind in shared static; do
    if [ "$kind" = static ]; then
      links="$library/libfracbit-runtime.a -lstdc++ -lm"
    else
      links=$(pkg-config --libs fracbit-runtime)
    fi
    "$@" -x c -std=c11 -pedantic $warnings $flags -c "$examples/example.c" -o "$prefix/c.o"
    "$@" "$prefix/c.o" -o "$prefix/c_$kind" $links
    "$@" -std=c++20 $warnings $flags "$examples/example.cc" -o "$prefix/cc_$kind" $links
  done
fi

LD_LIBRARY_PATH=$library
export LD_LIBRARY_PATH
if ldd "$library/libfracbit-runtime.so" | grep -E 'omp|libz|pthread'; then
  echo "the runtime needs libraries beside those of C and C++"
  exit 1
fi
head -c 100 "$model" > "$prefix/cut.fbit"
"$programs/c_shared" "$model" > "$prefix/scores"
[ -s "$prefix/scores" ] || { echo "no scores"; exit 1; }
for program in c_shared c_static cc_shared cc_static; do
  "$programs/$program" "$model" | diff "$prefix/scores" - || { echo "$program has other scores"; exit 1; }
  if "$programs/$program" "$prefix/cut.fbit" > "$prefix/out" 2> "$prefix/err"; then
    echo "$program takes half a file"
    exit 1
  fi
  [ ! -s "$prefix/out" ] && [ "$(grep -c '' "$prefix/err")" = 1 ] && grep -q 'cut.fbit' "$prefix/err" ||
    { echo "$program does not say what is wrong in one line:"; cat "$prefix/err"; exit 1; }
done
