#!/bin/sh
# Compiles each public header alone, twice included, with warnings as errors.
# usage: headers.sh SOURCE_ROOT INCLUDE_DIRECTORY COMPILER...
set -eu
root=$1 include=$2
shift 2
cd "$root"
compiler="$*"
texts=$(mktemp -d)
trap 'rm -rf "$texts"' EXIT

count=0
for header in $(find framework quantize layers data models fracbit.h -name '*.h' ! -path 'framework/kernels/*' \
                  ! -name catalogue.h 2>/dev/null | sort); do
  count=$((count + 1))
  printf '#include "fracbit/%s"\n#include "fracbit/%s"\n' "$header" "$header" > "$texts/$(echo "$header" | tr / +).cc"
done
echo "$count headers"
[ "$count" -gt 0 ]

# As many compilers at a time as there are processors; each names the header that it refused.
find "$texts" -name '*.cc' -print0 |
  xargs -0 -n 1 -P "$(nproc)" sh -c '
    $0 -std=c++20 -fsyntax-only -Wall -Wextra -Wconversion -Werror "$1" "$2" || {
      echo "does not compile alone: $(basename "$2" .cc | tr + /)"
      exit 1
    }' "$compiler" "-I$include"
