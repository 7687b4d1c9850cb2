#!/bin/sh
# Whether a library, without its symbol table, is small.
# usage: size.sh LIBRARY MOST_BYTES STRIP
set -eu
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
"$3" -o "$stripped" "$1"
bytes=$(wc -c < "$stripped")
echo "$(basename "$1"): $bytes bytes of at most $2"
[ "$bytes" -le "$2" ]
