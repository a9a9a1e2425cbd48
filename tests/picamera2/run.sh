#!/usr/bin/env bash
# The driver picamera2 on the real picamera2, without a Raspberry Pi: libcamera's virtual camera in a Debian 13 root.
# usage: tests/picamera2/run.sh FOLDER [pytest options]    (FOLDER keeps the root between runs)
# Needs root (for chroot and mounts), mmdebstrap (fetched by apt where that is there), a Debian mirror and a package
# index for the first run, about 0.6 GB in FOLDER. ANODYNE_MIRROR names another mirror.
set -euo pipefail

here=$(realpath "$(dirname "$0")")
checkout=$(realpath "$here/../..")
# shellcheck source=tests/roots.sh
. "$here/../roots.sh"
# python3-libcamera and python3-prctl are on no package index; gcc and headers build the one package without a wheel.
packages=python3,python3-venv,python3-libcamera,python3-prctl,libarchive13t64
build_packages=gcc,libc6-dev,python3-dev

skip() { echo "SKIPPED: the driver picamera2 on libcamera's virtual camera ($1)"; exit 0; }

[ "$(uname -s)" = Linux ] || skip "it needs Linux"
need_mounts test-picamera2
command -v mmdebstrap >/dev/null || need_tools mmdebstrap
need_debian
mkdir -p "$1"
root=$(realpath "$1")/picamera2-root
shift

build() {
  local new=$root.new
  rm -rf "$new" "$root"
  make_root trixie "$new" "$packages,$build_packages" --variant=apt
  mkdir -p "$new/opt/frames" "$new/usr/share/libcamera/pipeline/virtual"
  cp "$here/virtual.yaml" "$new/usr/share/libcamera/pipeline/virtual/"
  inside "$new" python3 -m venv --system-site-packages /opt/venv # as on a Raspberry Pi
  install_locked "$new" /opt/venv tests/picamera2/requirements.lock
  inside "$new" cc -shared -fPIC -O1 -o /opt/udmabuf.so /checkout/tests/picamera2/udmabuf.c
  inside "$new" apt-get purge -qq --autoremove ${build_packages//,/ } >/dev/null
  inside "$new" apt-get clean
  inside "$new" env PYTHONPATH=/checkout PYTHONDONTWRITEBYTECODE=1 /opt/venv/bin/python -m tests.picamera2.pictures /opt/frames
  echo "$key" >"$new/.key"
  mv "$new" "$root"
}

key=$(cat "$here"/{run.sh,../roots.sh,requirements.lock,virtual.yaml,udmabuf.c,pictures.py} | sha256sum)
if [ "$(cat "$root/.key" 2>/dev/null)" != "$key" ]; then
  echo "building the root in $root (once; about a minute and a half)"
  SECONDS=0
  build
  echo "built in $SECONDS s, $(du -sm "$root" | cut -f1) MB"
fi
# Kernels with /dev/udmabuf need no stand-in for it. New memory is zeroed for the camera's sake: see virtual_camera.py.
[ -e /dev/udmabuf ] && preload= || preload=/opt/udmabuf.so
python=(GLIBC_TUNABLES=glibc.malloc.perturb=255:glibc.malloc.tcache_count=0 LD_PRELOAD="$preload" PYTHONPATH=/checkout
  PYTHONDONTWRITEBYTECODE=1 PYTHONFAULTHANDLER=1 LIBCAMERA_LOG_LEVELS="*:ERROR" /opt/venv/bin/python)
if [ -n "${RECORD:-}" ]; then
  inside "$root" "${python[@]}" -m tests.picamera2.signatures >"$here/signatures.json.new"
  mv "$here/signatures.json.new" "$here/signatures.json"
fi
inside "$root" "${python[@]}" -m pytest --rootdir /checkout -c /checkout/pyproject.toml -p no:cacheprovider \
  -v /checkout/tests/picamera2/check_virtual_camera.py "$@"
