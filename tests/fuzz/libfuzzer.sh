#!/bin/sh
# Lets libFuzzer search for a while from files of the format, in bounded memory and time for each input.
# usage: libfuzzer.sh PROGRAM SECONDS FILE...
set -eu
program=$(realpath "$1") seconds=$2
shift 2
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
cp "$@" "$corpus"
cd "$corpus"
"$program" -seed=1 -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "$corpus"
