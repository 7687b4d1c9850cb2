#!/bin/sh
# From a fresh clone to a trained low-bit network: installs what is missing, builds, trains a float network and one of
# 1.4-bit weights and activations (HBNN) on drawn digits for about a minute, and shows what they learned. What is done
# stays done: a second call only shows the result again.
#
# usage: apps/quickstart.sh
# environment: OUT, the folder of the runs (runs/quickstart)
set -eu
cd "$(dirname "$0")/.."
out=${OUT:-runs/quickstart}
program=build/apps/fracbit

say() { printf '\n== %s\n' "$1"; }

# value FILE KEY: the first number or text of that key in a JSON object.
value() { grep -o "\"$2\":[^,}]*" "$1" | head -n 1 | cut -d : -f 2- | tr -d '"'; }

# train NAME OPTION...: unless that is done; an interrupted run goes on.
train() {
  name=$1
  shift
  if [ ! -f "$out/$name.json" ]; then
    say "training: $name"
    "$program" train --dataset synthetic-digits --model cifar4 --epochs 3 \
      --lr 0.003 "$@" --out "$out/$name" --resume auto --json > "$out/$name.json.tmp"
    mv "$out/$name.json.tmp" "$out/$name.json"
  fi
}

# deploy NAME: that network as a file for inference, and its speed, unless that is done.
deploy() {
  [ ! -f "$out/$1.bench.json" ] || return 0
  "$program" export "$out/$1/best.ckpt" --format fbit --out "$out/$1.fbit" > /dev/null
  "$program" bench "$out/$1.fbit" --mode infer --batch 64 --steps 20 --json > "$out/$1.bench.json.tmp"
  mv "$out/$1.bench.json.tmp" "$out/$1.bench.json"
}

# row TITLE NAME
row() {
  echo "$1:$(value "$out/$2.json" best_top1):$(wc -c < "$out/$2.fbit"):$(
    value "$out/$2.bench.json" images_per_second)" |
    LC_ALL=C awk -F : '{ printf "  %-18s %8.2f %% %10.0f kB %10.0f images/s\n", $1, $2, $3 / 1000, $4 }'
}

./setup.sh
say "build"
[ -f build/build.ninja ] || meson setup build > /dev/null
ninja -C build apps/fracbit

mkdir -p "$out"
train float --quant none
train hbnn-1.4 --quant hbnn --weight-bits 1.4 --act-bits 1.4
deploy float
deploy hbnn-1.4
"$program" data samples synthetic-digits --count 6 --out "$out/samples" > "$out/samples.txt"

say "drawn digits in clutter, $(value "$out/float.json" epochs) epochs"
printf '\n  %-18s %10s %13s %19s\n' network accuracy file inference
row "float" float
row "1.4 bits (HBNN)" hbnn-1.4
printf '\n  learning curves: %s\n                   %s\n' "$out/float/curves.svg" "$out/hbnn-1.4/curves.svg"
printf '\n  predictions of the 1.4-bit network; the files are named NUMBER-DIGIT.png:\n\n'
xargs -d "\n" "$program" predict "$out/hbnn-1.4/best.ckpt" --top-k 3 < "$out/samples.txt" | sed 's/^/  /'
printf '\n  next: %s train --help\n        %s list recipes\n' "$program" "$program"
