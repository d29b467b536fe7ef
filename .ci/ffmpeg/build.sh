#!/usr/bin/env bash
# Builds the pinned, lean, static FFmpeg once into a cache folder outside the checkout and prints its prefix.
#
#   .ci/ffmpeg/build.sh            build if missing, print the prefix
#   .ci/ffmpeg/build.sh --print    print the prefix only, build nothing
#   .ci/ffmpeg/build.sh --can      exit 0 if it is there or can be built on this machine
#
# The key is the hash of sources.txt, configure.txt, libva_at_run_time.c and the recipe number: the same key is the same FFmpeg.
# Sources come from the machine's own Debian mirror as source packages, through a private apt list that
# leaves the system's lists alone; each tarball must match the SHA-256 in sources.txt.
set -Eeuo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${WATCHPARTY_BUILD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/watchparty-build}
recipe=2 # raise it when the build functions below change
key=$({ cat "$here/sources.txt" "$here/configure.txt" "$here/libva_at_run_time.c"; echo "$recipe"; } | sha256sum | cut -c1-16)
prefix=$cache/ffmpeg-$key
if [ "${1:-}" = --print ]; then echo "$prefix"; exit 0; fi
if [ -e "$prefix/.complete" ]; then echo "$prefix"; exit 0; fi

debian_mirror() {
  if [ -n "${WATCHPARTY_DEBIAN_MIRROR:-}" ]; then echo "$WATCHPARTY_DEBIAN_MIRROR"; return; fi
  { grep -hE '^URIs:' /etc/apt/sources.list.d/*.sources 2>/dev/null | sed 's/^URIs: *//' | tr ' ' '\n' || true
    grep -hE '^deb ' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -E 's/^deb +(\[[^]]*\] +)?//' | cut -d' ' -f1 || true
  } | grep -E -m1 '/debian/?$' || true
}

if [ "${1:-}" = --can ]; then
  [ -n "$(debian_mirror)" ] && [ -e /usr/share/keyrings/debian-archive-keyring.gpg ]
  exit
fi

say() { printf 'ffmpeg: %s\n' "$*" >&2; }
jobs=$(nproc)
work=$cache/work-$key
rm -rf "$prefix"
mkdir -p "$work" "$prefix"
exec 3>"$work/build.log"
trap 'say "failed; the end of $work/build.log:"; tail -n 40 "$work/build.log" >&2' ERR

fetch_sources() {
  local mirror; mirror=$(debian_mirror)
  if [ -z "$mirror" ]; then
    say "no Debian mirror among this machine's apt sources; set WATCHPARTY_DEBIAN_MIRROR to one"
    exit 1
  fi
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/etc"
  printf 'Types: deb-src\nURIs: %s\nSuites: bookworm trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$mirror" > "$work/apt/etc/private.sources"
  cat > "$work/apt/conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/apt/etc/";
Dir::State::Lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "root";
CONF
  APT_CONFIG=$work/apt/conf apt-get update >&3 2>&1
  mkdir -p "$work/src"
  while read -r name version _suite tarball sum; do
    case "$name" in ''|'#'*) continue ;; esac
    if ! echo "$sum  $work/src/$tarball" | sha256sum --check --status 2>/dev/null; then
      say "fetching $name $version"
      (cd "$work/src" && APT_CONFIG=$work/apt/conf apt-get source --download-only --tar-only --only-source "$name=$version" >&3 2>&1)
    fi
    echo "$sum  $work/src/$tarball" | sha256sum --check --quiet >&3
    mkdir -p "$work/$name"
    tar -xf "$work/src/$tarball" -C "$work/$name" --strip-components=1
  done < "$here/sources.txt"
}

export PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig PKG_CONFIG_PATH=
export CFLAGS="-O2 -fPIC" CXXFLAGS="-O2 -fPIC"

build_zlib()  { cd "$work/zlib"  && ./configure --static --prefix="$prefix" && make -j"$jobs" && make install; }
build_x264()  { cd "$work/x264"  && ./configure --prefix="$prefix" --enable-static --enable-pic --disable-cli --disable-opencl --disable-avs --disable-swscale --disable-lavf --disable-ffms --disable-gpac --disable-lsmash && make -j"$jobs" && make install; }
build_dav1d() { cd "$work/dav1d" && meson setup build --prefix="$prefix" --libdir=lib --buildtype=release --default-library=static -Denable_tools=false -Denable_tests=false -Dxxhash_muxer=disabled && ninja -C build -j"$jobs" install; }
build_zimg()  { cd "$work/zimg"  && { [ -x configure ] || autoreconf -fi; } && ./configure --prefix="$prefix" --enable-static --disable-shared --with-pic && make -j"$jobs" && make install; }
# Headers only: NVIDIA's encoder is loaded by FFmpeg itself where there is a driver.
build_nv-codec-headers() { make -C "$work/nv-codec-headers" install PREFIX="$prefix"; }
# Headers, and our own stand-in for the library: the real one is loaded at run time where there is one.
build_libva() {
  local from=$work/libva number part version
  for part in major minor micro; do
    number=$(sed -nE "s/^va_api_${part}_version *= *([0-9]+).*/\1/p" "$from/meson.build")
    version=${version:+$version.}$number
    sed -i "s/@VA_API_${part^^}_VERSION@/$number/" "$from/va/va_version.h.in"
  done
  sed -i "s/@VA_API_VERSION@/$version/" "$from/va/va_version.h.in"
  mkdir -p "$prefix/include/va" "$prefix/lib/pkgconfig"
  cp "$from"/va/*.h "$from"/va/drm/va_drm.h "$prefix/include/va/"
  cp "$from/va/va_version.h.in" "$prefix/include/va/va_version.h"
  ${CC:-cc} -O2 -fPIC -Wall -I"$prefix/include" -c "$here/libva_at_run_time.c" -o "$work/libva.o"
  ar rcs "$prefix/lib/libva.a" "$work/libva.o"
  for part in libva libva-drm; do
    printf 'prefix=%s\nName: %s\nDescription: VA-API, loaded at run time\nVersion: %s\nCflags: -I${prefix}/include\nLibs: -L${prefix}/lib -lva\n' \
      "$prefix" "$part" "$version" > "$prefix/lib/pkgconfig/$part.pc"
  done
}
build_ffmpeg() {
  cd "$work/ffmpeg"
  mapfile -t options < <(grep -vE '^(#|$)' "$here/configure.txt")
  ./configure --prefix="$prefix" --pkg-config-flags=--static --extra-cflags="-I$prefix/include" --extra-ldflags="-L$prefix/lib" \
    --extra-libs="-lpthread -lm" "${options[@]}" || { tail -n 30 ffbuild/config.log; return 1; }
  make -j"$jobs"
  make install
}

say "building into $prefix (about six minutes on two cores, once)"
fetch_sources
for part in zlib x264 dav1d zimg nv-codec-headers libva ffmpeg; do
  say "building $part"
  # A fresh shell keeps `set -e` alive inside the function; a function in a condition would lose it.
  ( set -e; "build_$part" ) >&3 2>&1
done

# Relocatable: the .pc files find their prefix from where they lie.
sed -i 's|^prefix=.*|prefix=${pcfiledir}/../..|' "$prefix"/lib/pkgconfig/*.pc
sed -i "s|$prefix|\${prefix}|g" "$prefix"/lib/pkgconfig/*.pc
mkdir -p "$prefix/share/watchparty"
cp "$here/sources.txt" "$here/configure.txt" "$here/libva_at_run_time.c" "$work/build.log" "$prefix/share/watchparty/"
for name in x264 dav1d zimg zlib libva ffmpeg; do
  for licence in COPYING COPYING.GPLv3 COPYING.LGPLv2.1 LICENSE LICENSE.md; do
    if [ -e "$work/$name/$licence" ]; then cp "$work/$name/$licence" "$prefix/share/watchparty/$name.$licence"; fi
  done
done
touch "$prefix/.complete"
rm -rf "$work"
echo "$prefix"
