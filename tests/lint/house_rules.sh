#!/bin/sh
# What no source file may hold, and what the library may not do: print, exit, change the process, or draw random numbers
# from elsewhere. Prints each offending line; exit code 1 if there is one.
# usage: house_rules.sh SOURCE_ROOT
set -eu
cd "$1"
bad=0

# deny WHY PATTERN FOLDERS...
deny() {
  why=$1 pattern=$2
  shift 2
  if found=$(grep -rnE --include='*.h' --include='*.cc' --include='*.sh' --include='meson.build' -e "$pattern" "$@"); then
    printf '%s\n' "$found" | sed "s|^|$why: |"
    bad=1
  fi
}

library="framework quantize layers data models"
# shellcheck disable=SC2086  # a list of folders
{
  deny "unfinished" '\b(TO''DO|FIX''ME|X''XX|HA''CK)\b' $library apps tests
  deny "the library never prints" 'std::(cout|cerr|clog)|\b(printf|puts|fprintf|perror)\(' $library
  deny "the library never ends the process" '(^|[^_[:alnum:]])(exit|_Exit|quick_exit|abort|terminate)\(' $library
  deny "the library leaves the process as it is" '\b(signal|sigaction|setlocale|setenv|omp_set_[a-z_]+)\(' $library
  deny "random numbers come from Random" 'std::(mt19937|random_device|[a-z_]+_distribution|shuffle)\b|\brand\(' $library
  deny "sums must not depend on flags" 'ffast-math|fassociative-math' $library apps tests/*/meson.build
}
exit $bad
