#!/bin/sh
# Installs what fracbit is built from: the Debian packages below that are not there yet, nothing else.
# Called by apps/quickstart.sh and tests/run.sh; works as root, or with sudo.
#
# usage: ./setup.sh [further packages...]
set -eu

wanted="g++ meson ninja-build pkg-config libeigen3-dev libstb-dev zlib1g-dev nlohmann-json3-dev
        libcxxopts-dev libtomlplusplus-dev catch2"
missing=""
for package in $wanted "$@"; do
  dpkg-query --show --showformat='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
    missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "setup: every package is there"
  exit 0
fi

echo "setup: installing$missing"
if ! command -v apt-get >/dev/null; then
  echo "setup: there is no apt-get; please install what is named above (names as in Debian 12)" >&2
  exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: please run this as root, or install sudo" >&2
    exit 1
  fi
  as_root="sudo"
fi
# shellcheck disable=SC2086  # lists of words on purpose
{
  $as_root apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Acquire::Retries=3 $missing >/dev/null
}
echo "setup: done"
