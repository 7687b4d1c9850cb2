#!/bin/sh
# Compiles each public header alone, twice included, with warnings as errors.
# usage: headers.sh SOURCE_ROOT INCLUDE_DIRECTORY COMPILER...
set -eu
root=$1 include=$2
shift 2
cd "$root"
bad=0 count=0
for header in $(find framework quantize layers data models -name '*.h' ! -path 'framework/kernels/*' ! -name catalogue.h | sort); do
  count=$((count + 1))
  printf '#include "fracbit/%s"\n#include "fracbit/%s"\n' "$header" "$header" |
    "$@" -std=c++20 -fsyntax-only -Wall -Wextra -Wconversion -Werror -I"$include" -x c++ - || {
      echo "does not compile alone: $header"
      bad=1
    }
done
echo "$count headers"
[ "$count" -gt 0 ] || bad=1
exit $bad
