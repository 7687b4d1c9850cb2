#!/bin/sh
# Installs what is missing, builds, and runs every test. The last line is "N passed, N failed, N skipped"; the exit code
# is 0 only if nothing failed.
#
# usage: tests/run.sh [--thorough]
#   --thorough   also compiles with Clang, runs tests under AddressSanitizer and UndefinedBehaviorSanitizer, and
#                searches a moment with libFuzzer
# environment: FRACBIT_CASES=10000 holds every kernel against its reference on that many random cases (minutes);
#              CI=true makes every warning an error, and precompiles headers (which ccache does not keep)
set -eu
cd "$(dirname "$0")/.."

thorough=false
case "${1:-}" in
  "") ;;
  --thorough) thorough=true ;;
  *)
    echo "usage: tests/run.sh [--thorough]" >&2
    exit 2
    ;;
esac
ci=false
if [ "${CI:-}" = true ]; then ci=true; fi
werror=$ci
logs=""
finished=false
trap '[ "$finished" = true ] || echo "0 passed, 1 failed, 0 skipped"' EXIT  # the setup or a build failed

say() { printf '\n== %s (%s s)\n' "$1" "$(($(date +%s) - started))"; }
started=$(date +%s)

# configure FOLDER OPTION...: for the first time, or again with the same folder.
configure() {
  folder=$1
  shift
  if [ -f "$folder/build.ninja" ]; then
    meson configure "$folder" "-Dwerror=$werror"
  else
    meson setup "$folder" "-Dwerror=$werror" "$@" >/dev/null
  fi
}

# run_tests FOLDER TEST...: builds what the tests need and runs them; failures show in the summary.
run_tests() {
  folder=$1
  shift
  meson test -C "$folder" --print-errorlogs "$@" </dev/null || true
  logs="$logs $folder/meson-logs/testlog.json"
}

if [ "$thorough" = true ]; then
  ./setup.sh clang libomp-dev libclang-rt-14-dev
else
  ./setup.sh
fi

say "build"
configure build "-Dprecompile=$ci"
ninja -C build
say "tests"
run_tests build

if [ "$thorough" = true ]; then
  say "Clang and its sanitizers"
  CXX=clang++ configure build-thorough "-Dprecompile=$ci" -Dlibfuzzer=true -Dbuildtype=plain -Doptimization=1 \
    -Db_sanitize=address,undefined -Db_lundef=false -Dcpp_args='-g1 -fno-sanitize-recover=all'
  ninja -C build-thorough apps/fracbit
  run_tests build-thorough --timeout-multiplier 5 framework kernels quantize layers data golden \
    fuzz_checkpoint fuzz_cifar fuzz_fbit fuzz_idx fuzz_image \
    libfuzzer_checkpoint libfuzzer_cifar libfuzzer_fbit libfuzzer_idx libfuzzer_image
fi

say "summary"
finished=true
# shellcheck disable=SC2086  # a list of files
python3 tests/summary.py $logs
