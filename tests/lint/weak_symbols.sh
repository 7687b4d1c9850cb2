#!/bin/sh
# Code compiled for one instruction set must not offer inline functions that the linker could pick for another: the
# objects of an instruction set define no weak symbols outside Eigen under the set's own name.
# usage: weak_symbols.sh NM LIBRARY...       (libfracbit_<isa>.a)
set -eu
nm=$1
shift
bad=0
for library in "$@"; do
  isa=$(basename "$library" .a)
  isa=${isa#libfracbit_}
  found=$("$nm" --defined-only --no-sort "$library" 2>/dev/null | awk -v own="fracbit_eigen_$isa" '
    NF == 3 && $2 ~ /^[WVu]$/ && index($3, own) == 0 && $3 !~ /^DW\.ref\./ { print "  " $3 }')
  if [ -n "$found" ]; then
    printf '%s defines weak symbols:\n%s\n' "$library" "$(printf '%s\n' "$found" | c++filt)"
    bad=1
  fi
done
exit $bad
