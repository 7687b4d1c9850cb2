#!/bin/sh
# From a fresh clone to a trained low-bit network: installs what is missing, builds, trains a float network and one
# with 1.4-bit weights and activations on drawn digits for about a minute, and shows what they learned. What is done
# stays done: a second call only shows the result again.
#
# usage: apps/quickstart.sh
# environment: OUT, the folder of the runs (runs/quickstart)
set -eu
cd "$(dirname "$0")/.."
out=${OUT:-runs/quickstart}
program=build/apps/fracbit

say() { printf '\n== %s\n' "$1"; }

# value FILE KEY: a number or text of a JSON object on one line.
value() { sed -n 's/.*"'"$2"'":"\{0,1\}\([^,"}]*\).*/\1/p' "$1"; }

# percent FILE KEY, rounded to two digits.
percent() { LC_ALL=C printf '%.2f %%' "$(value "$1" "$2")"; }

# train NAME OPTION...: unless that is done; an interrupted run goes on.
train() {
  name=$1
  shift
  if [ ! -f "$out/$name.json" ]; then
    say "training: $name"
    "$program" train --dataset synthetic-digits --model cifar4 --epochs 3 --lr 0.003 \
      "$@" --out "$out/$name" --resume auto --json > "$out/$name.json.tmp"
    mv "$out/$name.json.tmp" "$out/$name.json"
  fi
}

# measure NAME OPTION...: size and speed of that network.
measure() {
  name=$1
  shift
  "$program" summary --model cifar4 "$@" --json > "$out/$name.summary.json"
  "$program" bench --model cifar4 --mode infer --batch 64 --steps 20 "$@" --json > "$out/$name.bench.json"
}

# row TITLE NAME
row() {
  LC_ALL=C printf '  %-22s %10s %12s B %12.0f images/s\n' "$1" "$(percent "$out/$2.json" best_top1)" \
    "$(value "$out/$2.summary.json" packed_bytes)" "$(value "$out/$2.bench.json" images_per_second)"
}

./setup.sh
say "build"
[ -f build/build.ninja ] || meson setup build > /dev/null
ninja -C build apps/fracbit

mkdir -p "$out"
bits="--quant hbnn --weight-bits 1.4 --act-bits 1.4"
train float --quant none
# shellcheck disable=SC2086  # a list of options
train hbnn-1.4 $bits
measure float --quant none
# shellcheck disable=SC2086
measure hbnn-1.4 $bits
"$program" data samples synthetic-digits --count 6 --out "$out/samples" > "$out/samples.txt"

say "digits in drawn scenes, 10 classes, $(value "$out/float.json" epochs) epochs"
printf '\n  %-22s %10s %14s %21s\n' network accuracy weights inference
row "float" float
row "1.4-bit (HBNN)" hbnn-1.4
printf '\n  learning curves: %s\n                   %s\n' "$PWD/$out/float/curves.svg" "$PWD/$out/hbnn-1.4/curves.svg"
printf '\n  predictions of the 1.4-bit network; the files are named NUMBER-DIGIT.png:\n\n'
xargs "$program" predict "$out/hbnn-1.4/best.ckpt" --top-k 3 < "$out/samples.txt" | sed 's/^/  /'
printf '\n  next: %s train --help\n        %s list recipes\n' "$program" "$program"
