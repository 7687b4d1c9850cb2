#!/bin/sh
# Other processors: builds for 64-bit ARM and runs tests there under qemu, and runs this machine's program and kernel
# tests as on an x86-64 of 2008, which has neither AVX nor POPCNT kernels to choose.
#
# usage: tests/cross/run.sh [TEST...]    programs of tests/ to run on ARM; all below by default
set -eu
cd "$(dirname "$0")/../.."

if [ $# -eq 0 ]; then set -- framework kernels quantize layers deploy golden; fi
./setup.sh g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

folder=build-aarch64
# Headers serve every processor; pkg-config keeps stb's file with this machine's.
mkdir -p "$folder-pkgconfig"
cp "$(pkg-config --variable=pcfiledir stb)/stb.pc" "$folder-pkgconfig/"
# For Meson, also where it configures again by itself.
for_arm() {
  PKG_CONFIG_LIBDIR="$PWD/$folder-pkgconfig:/usr/share/pkgconfig" meson "$@" </dev/null
}
if [ ! -f "$folder/build.ninja" ]; then
  for_arm setup "$folder" --cross-file tests/cross/aarch64.ini -Dapps=disabled -Dtests=enabled >/dev/null
fi
for_arm test -C "$folder" --print-errorlogs --timeout-multiplier 10 "$@"

if [ "$(uname -m)" = x86_64 ]; then
  ninja -C build apps/fracbit tests/kernels/test_kernels
  old="qemu-x86_64 -cpu Nehalem"
  $old build/apps/fracbit bench --model mlp --mode train --steps 1 --batch 2
  FRACBIT_SOURCE_ROOT=$PWD OMP_WAIT_POLICY=passive $old build/tests/kernels/test_kernels
fi
