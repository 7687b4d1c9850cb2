#!/bin/sh
# Configures the program of the README with the library as a Meson subproject, and compiles the program. The library
# itself is the one that is built anyway, so that it is not compiled again here.
# usage: subproject.sh SOURCE_ROOT PROGRAM.cc COMPILER...
set -eu
root=$1 program=$2
shift 2
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
mkdir "$project/subprojects"
ln -s "$root" "$project/subprojects/fracbit"
cp "$program" "$project/example.cc"
cat > "$project/meson.build" <<'END'
project('embedder', 'cpp', default_options : ['cpp_std=c++20'])
executable('example', 'example.cc', dependencies : dependency('fracbit', fallback : 'fracbit'))
END
CXX="$*" meson setup "$project/build" "$project" --wrap-mode forcefallback >/dev/null
ninja -C "$project/build" example.p/example.cc.o >/dev/null
targets=$(ninja -C "$project/build" -t targets all)
echo "$targets" | grep -q '^subprojects/fracbit/libfracbit\.' || { echo "the program does not link the library"; exit 1; }
if echo "$targets" | grep -E '^subprojects/fracbit/(apps|tests)/'; then
  echo "an embedder gets the program and the tests of the library"
  exit 1
fi
