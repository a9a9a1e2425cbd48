#!/usr/bin/env bash
# The installed box under a real systemd in a container: this machine's own system as its root, written to in memory only.
# usage: tests/systemd/run.sh PYTHON FOLDER    (PYTHON builds the wheel; FOLDER holds wheelhouse-ARCH)
# Needs root, systemd-nspawn, mosquitto, and an overlay file system.
set -euo pipefail

here=$(realpath "$(dirname "$0")")
checkout=$(realpath "$here/../..")
skip() { echo "SKIPPED: the unit under a real systemd ($1)"; exit 0; }
[ "$(id -u)" = 0 ] || skip "it needs root: sudo make test-systemd"
command -v systemd-nspawn >/dev/null || skip "no systemd-nspawn (Debian: apt install systemd-container)"
command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || skip "no mosquitto (Debian: apt install mosquitto)"
[ -x /lib/systemd/systemd ] || skip "this machine has no systemd to boot"
if [ -z "${ANODYNE_MOUNTS:-}" ]; then
  unshare --mount true 2>/dev/null || skip "this container may not mount: it needs CAP_SYS_ADMIN"
  ANODYNE_MOUNTS=1 exec unshare --mount --propagation private "$0" "$@" # the mounts end with it
fi
python=$(realpath --no-symlinks "$1") wheels=$(realpath "$2")/wheelhouse-$(uname -m)

memory=$(mktemp -d)
trap 'umount -l "$memory/root" "$memory/written" 2>/dev/null; rm -rf "$memory"' EXIT
mkdir "$memory/root" "$memory/written"
mount -t tmpfs -o size=2G tmpfs "$memory/written"
mkdir "$memory/written/upper" "$memory/written/work"
root=$memory/root
mount -t overlay -o "lowerdir=/,upperdir=$memory/written/upper,workdir=$memory/written/work" overlay "$root" ||
  skip "no overlay on this file system"

mkdir -p "$root/anodyne"
cp -r "$wheels" "$root/anodyne/wheels"
cp -r "$checkout/systemd" "$root/anodyne/"
cp "$here/check.py" "$root/anodyne/"
rm -f "$root"/anodyne/wheels/anodyne-*.whl
(cd "$checkout" && "$python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$root/anodyne/wheels" .)
mount -t proc proc "$root/proc"
chroot "$root" /anodyne/systemd/install.sh --wheelhouse /anodyne/wheels --python /usr/bin/python3
umount "$root/proc"

# Shorter times, so that minutes become seconds; all else is the unit as installed.
mkdir -p "$root/etc/systemd/system/anodyne.service.d"
printf '[Service]\nWatchdogSec=6\nTimeoutStartSec=60\n' >"$root/etc/systemd/system/anodyne.service.d/short.conf"
cat >"$root/etc/anodyne/anodyne.toml" <<'TEXT'
[box]
site = "ward"
bed = "bed"
validity = "test"
safe_mode_s = 20.0

[alarm]
blind_delay_s = 0.5

[mqtt]
host = "127.0.0.1"
port = 18830

[[sensor]]
driver = "picamera2"
name = "camera"
TEXT
cat >"$root/etc/systemd/system/anodyne-check.service" <<'TEXT'
[Unit]
Description=Looks at the box from outside
After=basic.target

[Service]
Type=oneshot
ExecStart=/opt/anodyne/bin/python /anodyne/check.py
ExecStopPost=/bin/sh -c "journalctl --unit anodyne --no-pager >/anodyne/journal"
ExecStopPost=/bin/sh -c "echo $$EXIT_STATUS >/anodyne/result"
ExecStopPost=systemctl --no-block poweroff
StandardOutput=file:/anodyne/said
StandardError=inherit
TimeoutStartSec=600
TEXT
cat >"$root/etc/systemd/system/anodyne-check.target" <<'TEXT'
[Unit]
Description=Nothing but the box and who looks at it
Requires=basic.target
Wants=anodyne-check.service
After=basic.target
TEXT
timeout 900 systemd-nspawn --quiet --register=no --keep-unit --private-network --machine=anodyne-check \
  --directory="$root" --boot systemd.unit=anodyne-check.target >"$memory/console" 2>&1 || true
if [ ! -e "$root/anodyne/result" ]; then
  tail -n 20 "$memory/console" >&2
  skip "systemd does not come up in a container here"
fi
cat "$root/anodyne/said"
if [ "$(cat "$root/anodyne/result")" != 0 ]; then
  tail -n 60 "$root/anodyne/journal" >&2
  exit 1
fi
