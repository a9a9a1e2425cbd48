#!/usr/bin/env bash
# The driver picamera2 on the real picamera2, without a Raspberry Pi: libcamera's virtual camera in a Debian 13 root.
# usage: tests/picamera2/run.sh FOLDER [pytest options]    (FOLDER keeps the root between runs)
# Needs root (for chroot and mounts), mmdebstrap (fetched by apt where that is there), a Debian mirror and a package
# index for the first run, about 0.6 GB in FOLDER. ANODYNE_MIRROR names another mirror.
set -euo pipefail

here=$(realpath "$(dirname "$0")")
checkout=$(realpath "$here/../..")
mirror=${ANODYNE_MIRROR:-http://deb.debian.org/debian}
# python3-libcamera and python3-prctl are on no package index; gcc and headers build the one package without a wheel.
packages=python3,python3-venv,python3-libcamera,python3-prctl,libarchive13t64
build_packages=gcc,libc6-dev,python3-dev

skip() { echo "SKIPPED: the driver picamera2 on libcamera's virtual camera ($1)"; exit 0; }

[ "$(uname -s)" = Linux ] || skip "it needs Linux"
[ "$(id -u)" = 0 ] || skip "it needs root for chroot and mounts: sudo make test-picamera2"
unshare --mount true 2>/dev/null || skip "this container may not mount: it needs CAP_SYS_ADMIN"
if ! command -v mmdebstrap >/dev/null; then
  command -v apt-get >/dev/null || skip "it needs mmdebstrap and there is no apt-get to fetch it"
  { apt-get update -qq && apt-get install -qq --no-install-recommends mmdebstrap; } >/dev/null
fi
# Ubuntu has the tool without Debian's keys.
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || apt-get install -qq debian-archive-keyring >/dev/null
mkdir -p "$1"
root=$(realpath "$1")/picamera2-root
shift

inside() { # run a command in the root $1 with the checkout at /checkout, read-only; the mounts end with it
  unshare --mount --propagation private bash -c '
    root=$1; shift
    mount --bind "$0" "$root/checkout" && mount -o remount,ro,bind "$root/checkout"
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/tmp"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
  ' "$checkout" "$@"
}

build() {
  local new=$root.new
  rm -rf "$new" "$root"
  mmdebstrap --quiet --variant=apt --include="$packages,$build_packages" --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' trixie "$new" "$mirror"
  mkdir -p "$new/checkout" "$new/opt/frames" "$new/usr/share/libcamera/pipeline/virtual"
  cp "$here/virtual.yaml" "$new/usr/share/libcamera/pipeline/virtual/"
  # The machine's own certificates and package index settings, so that a site's mirror is trusted and used.
  cp /etc/ssl/certs/ca-certificates.crt "$new/etc/ssl/machine.crt"
  cp -L /etc/resolv.conf "$new/etc/resolv.conf"
  inside "$new" python3 -m venv --system-site-packages /opt/venv # as on a Raspberry Pi
  inside "$new" PIP_CERT=/etc/ssl/machine.crt PIP_INDEX_URL="${PIP_INDEX_URL:-https://pypi.org/simple}" \
    /opt/venv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes -r /checkout/tests/picamera2/requirements.lock
  inside "$new" cc -shared -fPIC -O1 -o /opt/udmabuf.so /checkout/tests/picamera2/udmabuf.c
  inside "$new" apt-get purge -qq --autoremove ${build_packages//,/ } >/dev/null
  inside "$new" apt-get clean
  inside "$new" env PYTHONPATH=/checkout PYTHONDONTWRITEBYTECODE=1 /opt/venv/bin/python -m tests.picamera2.pictures /opt/frames
  echo "$key" >"$new/.key"
  mv "$new" "$root"
}

key=$(cat "$here"/{run.sh,requirements.lock,virtual.yaml,udmabuf.c,pictures.py} | sha256sum)
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
