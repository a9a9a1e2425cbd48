#!/usr/bin/env bash
# The box as a Raspberry Pi gets it, without one: installed offline in Debian for 64-bit Arm, its programs run by QEMU.
# The system is Debian's, and so are its packages; kernel, camera, radio and speed are not those of a Pi.
# usage: tests/arm64/run.sh PYTHON FOLDER [pytest options]    (FOLDER holds wheelhouse-aarch64, and keeps the roots)
# Needs, on x86-64: Linux 6.7, root, a Debian mirror and a package index for the first run, 1.1 GB in FOLDER and 1 GB of
# memory. Of processor time, four minutes to build each root (once) and five to check it. SUITES names the systems
# (default: bookworm trixie), ANODYNE_MIRROR another mirror. This machine itself is left as it is: QEMU is registered in
# a namespace, and what is installed in a root stays in memory.
set -euo pipefail

here=$(realpath "$(dirname "$0")")
checkout=$(realpath "$here/../..")
# shellcheck source=tests/roots.sh
. "$here/../roots.sh"
skip() { echo "SKIPPED: the box on 64-bit Arm ($1)"; exit 0; }
# What docs/install.md asks for, as far as Debian has it, and the system's numpy, which picamera2 brings along.
packages=python3,python3-venv,python3-numpy,bluez,systemd,passwd

python=$(realpath --no-symlinks "$1") wheels=$(realpath "$2")/wheelhouse-aarch64
mkdir -p "$2/arm64"
arm64=$(realpath "$2")/arm64
read -r -a suites <<<"${SUITES:-bookworm trixie}"

fetch_qemu() { # Debian 12's own (7.2) crashes in LiteRT's int8 kernels; Debian 13's is one static file, not installed
  local work
  work=$(mktemp -d)
  mkdir -p "$work/lists/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources"
  local apt=(apt-get -qq -o "Dir::State::Lists=$work/lists" -o "Dir::Etc::SourceList=$work/sources"
    -o Dir::Etc::SourceParts=/dev/null -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
  "${apt[@]}" update
  (cd "$work" && "${apt[@]}" download qemu-user && dpkg-deb --fsys-tarfile qemu-user_*.deb) |
    tar --extract --to-stdout ./usr/bin/qemu-aarch64 >"$arm64/qemu-aarch64.new"
  chmod +x "$arm64/qemu-aarch64.new"
  mv "$arm64/qemu-aarch64.new" "$arm64/qemu-aarch64"
  rm -rf "$work"
}

gather_stick() { # what the installer carries to the box: the wheels, Anodyne's own made anew, and the folder systemd
  rm -rf "$arm64/stick"
  mkdir -p "$arm64/stick"
  cp -rl "$wheels" "$arm64/stick/wheelhouse"
  cp -r "$checkout/systemd" "$arm64/stick/"
  rm -f "$arm64"/stick/wheelhouse/anodyne-*.whl
  (cd "$checkout" && "$python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$arm64/stick/wheelhouse" .)
  "$checkout/systemd/deb.sh" "$arm64/stick/wheelhouse" "$arm64/stick" aarch64 >/dev/null
  mv "$arm64"/stick/anodyne_*.deb "$arm64/stick/anodyne.deb"
  mkdir -p "$arm64/other-runtime"
  sed -n '/^tflite-runtime==/,/[^\\]$/p' "$checkout/tests/requirements-tflite.lock" >"$arm64/other-runtime/lock"
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --platform manylinux_2_34_aarch64 --python-version 3.11 -d "$arm64/other-runtime" -r "$arm64/other-runtime/lock"
  cp -r "$arm64/other-runtime" "$arm64/stick/"
  cp "$here/answers.py" "$arm64/stick/"
}

key_of() { { declare -f make_root; echo "$packages $1"; } | sha256sum; }
built() { [ "$(cat "$arm64/$1/.key" 2>/dev/null)" = "$(key_of "$1")" ]; }

build() { # SUITE; root in a namespace may mount no /sys, which no package here asks for
  rm -rf "${arm64:?}/$1" "${arm64:?}/$1.new"
  make_root "$1" "$arm64/$1.new" "$packages" --mode=root --variant=minbase --architecture=arm64 \
    --skip=check/qemu,chroot/mount/sys
  key_of "$1" >"$arm64/$1.new/.key"
  mv "$arm64/$1.new" "$arm64/$1"
}

check() { # SUITE [pytest options]: on a layer in memory that ends with it, without a network
  local root=$memory/root way
  case $1 in bookworm) way=install.sh ;; *) way=deb ;; esac # both ways of docs/install.md, each once
  mount -t tmpfs -o size=2G tmpfs "$memory/written"
  mkdir "$memory/written/upper" "$memory/written/work"
  mount -t overlay overlay "$root" \
    -o "userxattr,lowerdir=$arm64/$1,upperdir=$memory/written/upper,workdir=$memory/written/work"
  shift
  mkdir "$root/stick"
  mount --bind "$arm64/stick" "$root/stick"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys" # without it XNNPACK knows no processors and does not start
  echo "127.0.0.1 localhost" >"$root/etc/hosts"
  local result=0
  (cd "$checkout" && ANODYNE_ARM64_ROOT=$root ANODYNE_ARM64_WAY=$way \
    unshare --net "$python" -m pytest -vs -p no:cacheprovider tests/arm64/check_box.py "$@") || result=$?
  umount --lazy "$root" "$memory/written"
  return "$result"
}

if [ -z "${ANODYNE_ALONE:-}" ]; then
  [ "$(uname -sm)" = "Linux x86_64" ] || skip "it needs Linux on x86-64"
  need_mounts test-arm64
  unshare --user --mount true 2>/dev/null || skip "this container may make no user namespace"
  command -v mmdebstrap >/dev/null || need_tools mmdebstrap
  need_debian
  [ -x "$arm64/qemu-aarch64" ] || fetch_qemu
  gather_stick
  # Since Linux 6.7 a user namespace registers foreign programs for itself. It begins when all users are mapped.
  exec 3>&1
  # shellcheck disable=SC2016  # the shell in the namespace expands it
  coproc alone {
    ANODYNE_ALONE=1 exec unshare --user --mount --pid --fork --kill-child --propagation private \
      bash -c 'echo begun; read -r && exec "$0" "$@" >&3' "$0" "$@"
  }
  # shellcheck disable=SC2154  # bash sets alone_PID
  inner=$alone_PID
  read -r <&"${alone[0]}"
  for map in uid_map gid_map; do awk '{print $1, $1, $3}' "/proc/self/$map" >"/proc/$inner/$map"; done
  echo >&"${alone[1]}"
  wait "$inner"
  exit
fi

mount -t proc proc /proc
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null ||
  skip "it needs Linux 6.7, where QEMU can be registered in a namespace"
# An ELF file of 64 bits for Arm, as QEMU's own list has it; F: opened now, as the roots do not hold it.
printf ':aarch64:M::%s:%s:%s:FPOC' '\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00' \
  '\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff' "$arm64/qemu-aarch64" \
  >/proc/sys/fs/binfmt_misc/register
memory=$(mktemp -d)
mkdir "$memory/root" "$memory/written"
trap 'rm -rf --one-file-system "$memory"' EXIT
shift 2
result=0
for suite in "${suites[@]}"; do
  if ! built "$suite"; then
    echo "building the root of $suite in $arm64/$suite (once; several minutes)"
    SECONDS=0
    build "$suite"
    echo "built in $SECONDS s, $(du -sm "$arm64/$suite" | cut -f1) MB"
  fi
  SECONDS=0
  check "$suite" "$@" || result=1
  echo "$suite: $SECONDS s"
done
exit "$result"
