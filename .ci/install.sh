#!/usr/bin/env bash
# Installs the Debian/Ubuntu packages that a make target needs, if they are missing, and says why.
#   .ci/install.sh build|test
set -euo pipefail

declare -A why=(
  [build-essential]="C and C++ compiler: SQLite, crypto, FFmpeg, x264, dav1d, zimg"
  [pkg-config]="finds the FFmpeg libraries"
  [libclang-dev]="reads FFmpeg's headers for the Rust bindings"
  [nasm]="assembler: FFmpeg, x264 and dav1d are several times slower without it"
  [meson]="builds dav1d" [ninja-build]="builds dav1d"
  [autoconf]="builds zimg" [automake]="builds zimg" [libtool]="builds zimg"
  [xz-utils]="unpacks the sources"
  [chromium]="the browser of the browser tests"
  [firefox-esr]="the other browser of the browser tests"
  [mpv]="a second opinion on the stream for other players"
  [vlc-bin]="a third opinion on it" [vlc-plugin-base]="what VLC opens and decodes with"
  [ffmpeg]="test fixtures and a second opinion on our segments (the product never runs it)"
  [fonts-dejavu-core]="readable text in test fixtures and screenshots"
)
build=(build-essential pkg-config libclang-dev nasm meson ninja-build autoconf automake libtool xz-utils)
test=(chromium firefox-esr ffmpeg mpv vlc-bin vlc-plugin-base fonts-dejavu-core)
# Without Debian's source packages in reach the distribution's FFmpeg is linked.
distribution=(libavcodec-dev libavformat-dev libavfilter-dev libavutil-dev libswscale-dev libswresample-dev)
if ! "$(dirname "$0")/ffmpeg/build.sh" --can >/dev/null; then
  build+=("${distribution[@]}")
  for package in "${distribution[@]}"; do why[$package]="FFmpeg of the distribution: no Debian mirror among this machine's apt sources"; done
fi

case "${1:?build or test}" in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${build[@]}" "${test[@]}") ;;
  *) echo "usage: $0 build|test" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  if [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" != "install ok installed" ]; then
    missing+=("$package")
    printf 'install: %-18s %s\n' "$package" "${why[$package]}" >&2
  fi
done
if [ ${#missing[@]} -gt 0 ]; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

need() { command -v "$1" >/dev/null || { echo "install: $1 is needed: $2" >&2; exit 1; }; }
need cargo "install Rust 1.95 or newer (rustup, https://rustup.rs)"
need npm "install Node.js 20 or newer, with npm"
