#!/usr/bin/env bash
# Gather all wheels of a box in one folder, for an install without a network: the versions of requirements.lock, for
# another processor and several versions of Python if need be. Every file's hash has to be one of the lock's.
# usage: systemd/wheelhouse.sh ARCH FOLDER PYTHON [VERSION...]
#   ARCH aarch64 or x86_64; PYTHON has pip and the build back-end; VERSION of the boxes' Python (3.11 3.13)
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 3 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
arch=$1 folder=$2 python=$3
shift 3
versions=("${@:-3.11}")
case $arch in aarch64 | x86_64) ;; *) echo "ARCH is aarch64 or x86_64, not $arch" >&2; exit 2 ;; esac
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rm -f "$folder"/anodyne-*.whl
"$python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$folder" .

platforms=()
for minor in 17 24 26 27 28 31 34 35; do # Debian 12 has 2.36, Ubuntu 22.04 (JetPack 6) 2.35
  platforms+=(--platform "manylinux_2_${minor}_$arch")
done
platforms+=(--platform "manylinux2014_$arch" --platform "linux_$arch")

# What a lock says for another machine, as constraints without hashes, as ours has none; the hashes are compared below.
pins() { # LOCK VERSION
  "$python" - "$1" "$2" "$arch" <<'PYTHON'
import pathlib
import sys

from pip._vendor.packaging.requirements import Requirement

lock, version, arch = sys.argv[1:]
target = {"python_version": version, "python_full_version": f"{version}.9", "platform_machine": arch}
for row in pathlib.Path(lock).read_text().splitlines():
    if row[:1].isalnum():
        one = Requirement(row.removesuffix("\\").strip())
        if one.name != "anodyne" and (one.marker is None or one.marker.evaluate(target)):
            print(f"{one.name}{one.specifier}")
PYTHON
}

download() { # VERSION CONSTRAINTS WANTED...
  local version=$1 constraints=$2
  shift 2
  "$python" -m pip download --quiet --disable-pip-version-check --no-input --only-binary=:all: "${platforms[@]}" \
    --python-version "$version" --implementation cp --find-links "$folder" -c "$constraints" -d "$folder" "$@"
}

for version in "${versions[@]}"; do
  pins requirements.lock "$version" >"$work/now"
  # pip judges by the machine that it runs on what only some processors need: lgpio, which comes from the system.
  download "$version" "$work/now" "anodyne[station,metrics]" gpiozero
  if [ "$version" = 3.11 ]; then # Debian 12: the system's picamera2 wants numpy 1
    pins systemd/requirements-numpy1.lock 3.11 >"$work/old"
    download "$version" "$work/old" "anodyne[station,metrics]"
  fi
done

"$python" - "$folder" requirements.lock systemd/requirements-numpy1.lock <<'PYTHON'
import hashlib
import pathlib
import sys

known = " ".join(pathlib.Path(lock).read_text() for lock in sys.argv[2:])
files = sorted(pathlib.Path(sys.argv[1]).glob("*.whl"))
strange = [
    file.name
    for file in files
    if not file.name.startswith("anodyne-") and f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" not in known
]
if strange:
    sys.exit(f"not the files that the locks name: {', '.join(strange)}")
size = sum(file.stat().st_size for file in files)
print(f"{len(files)} wheels, {size / 1e6:.0f} MB, hashes as locked: {sys.argv[1]}")
PYTHON
