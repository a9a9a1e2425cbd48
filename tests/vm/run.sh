#!/usr/bin/env bash
# Drivers on a real kernel: the checks of this folder in a virtual machine with Debian's kernel, its own virtual cameras,
# a virtual Bluetooth controller and Debian's bluetoothd. Nothing of the machine itself is touched.
# usage: tests/vm/run.sh FOLDER [pytest options]    (FOLDER keeps the machine's disk between runs)
# Needs, for the first run: root (for chroot and mounts), a Debian mirror and a package index, about 1.5 GB in FOLDER;
# then QEMU and 2 GB of memory only. ANODYNE_MIRROR names another mirror. The processor is emulated, which runs
# anywhere; ANODYNE_VM_ACCEL=kvm uses the machine's own where that works (a /dev/kvm that opens may still hang).
set -euo pipefail

here=$(realpath "$(dirname "$0")")
checkout=$(realpath "$here/../..")
# shellcheck source=tests/roots.sh
. "$here/../roots.sh"
limit_s=${ANODYNE_VM_LIMIT_S:-1500}
packages=linux-image-amd64,systemd-sysv,dbus,udev,kmod,bluez,python3,python3-venv,v4l-utils,psmisc
tools=(qemu-system-x86 mmdebstrap e2fsprogs)

skip() { echo "SKIPPED: the drivers on a real kernel ($1)"; exit 0; }

[ "$(uname -sm)" = "Linux x86_64" ] || skip "it needs Linux on x86-64"
mkdir -p "$1"
vm=$(realpath "$1")/vm
shift

build() {
  local root=$vm/root
  rm -rf --one-file-system "$vm" # an aborted run may have left something mounted there
  mkdir -p "$vm"
  # An initial memory disk with no more than it takes to find the root: emulated processors unpack slowly.
  # shellcheck disable=SC2016  # mmdebstrap expands them
  make_root bookworm "$root" "$packages" --mode=root --variant=minbase \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"; echo MODULES=list >"$1/etc/initramfs-tools/conf.d/vm"' \
    --essential-hook='printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"'
  inside "$root" python3 -m venv /opt/anodyne
  install_locked "$root" /opt/anodyne tests/vm/requirements.lock
  inside "$root" bash /checkout/tests/vm/guest.sh install
  cp "$root"/boot/vmlinuz-* "$vm/vmlinuz"
  cp "$root"/boot/initrd.img-* "$vm/initrd"
  truncate -s 2500M "$vm/disk"
  mke2fs -q -t ext4 -L anodyne -d "$root" "$vm/disk"
  rm -rf "$root"
  wanted_key >"$vm/key"
}

wanted_key() { # all that goes into the disk
  { declare -f make_root inside install_locked build; echo "$packages"; cat "$here/requirements.lock"; sed '/^check() {/,/^}/d' "$here/guest.sh"; } | sha256sum
}
built() { [ "$(cat "$vm/key" 2>/dev/null)" = "$(wanted_key)" ]; } # whether the disk there is the one wanted now

have() { command -v qemu-system-x86_64 >/dev/null && { built || { command -v mmdebstrap && command -v mke2fs; } >/dev/null; }; }
have || need_tools "${tools[@]}"
if ! built; then
  need_mounts test-vm
  need_debian
fi

if ! built; then
  echo "building the virtual machine in $vm (once; about four minutes)"
  SECONDS=0
  build
  echo "built in $SECONDS s, $(du -sm "$vm" | cut -f1) MB"
fi

# What the guest gets to see, and where it says what came of it: the console apart from the checks' own output.
rm -rf "$vm/given" && mkdir "$vm/given"
(cd "$checkout" && tar --create --exclude=__pycache__ edge tests models systemd pyproject.toml README.md LICENSE) >"$vm/given/checkout.tar"
echo "${*@Q}" >"$vm/given/options"
: >"$vm/said"
SECONDS=0
tail --pid=$$ -n +1 -f "$vm/said" 2>/dev/null &
timeout "$limit_s" nice qemu-system-x86_64 -accel "${ANODYNE_VM_ACCEL:-tcg,thread=multi}" -cpu max -smp 2 -m 2048 \
  -display none -no-reboot -nic none -serial "file:$vm/console" -serial "file:$vm/said" \
  -kernel "$vm/vmlinuz" -initrd "$vm/initrd" -drive "file=$vm/disk,format=raw,if=virtio,snapshot=on" \
  -virtfs "local,path=$vm/given,mount_tag=given,security_model=none,readonly=on" \
  -append "console=ttyS0 root=/dev/vda rw quiet mitigations=off tsc=reliable systemd.show_status=0" </dev/null || true
sleep 1
if grep -q '^END 0' "$vm/said"; then echo "all checks passed, $SECONDS s in all"; exit 0; fi
grep -q '^END' "$vm/said" || { echo "the machine did not get to the end within $limit_s s; its console:"; tail -n 30 "$vm/console"; }
exit 1
