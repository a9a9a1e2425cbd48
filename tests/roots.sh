# shellcheck shell=bash
# Roots of other systems for the checks in the folders below; sourced by their run.sh, which says in skip() what is
# left out, and in $checkout where the project lies. ANODYNE_MIRROR names another Debian mirror than the machine's own.
mirror=${ANODYNE_MIRROR:-}

need_mounts() { # TARGET: what chroot and mounts take
  [ "$(id -u)" = 0 ] || skip "it needs root for chroot and mounts: sudo make $1"
  unshare --mount true 2>/dev/null || skip "this container may not mount: it needs CAP_SYS_ADMIN"
}

need_tools() { # PACKAGE...: fetched as root on Debian
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || skip "it needs $*; as root on Debian they are fetched"
  { apt-get update -qq && apt-get install -qq --no-install-recommends "$@"; } >/dev/null
}

need_debian() { # keys, which Ubuntu lacks, and a mirror: sets $mirror
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need_tools debian-archive-keyring
  [ -n "$mirror" ] || mirror=$(machines_mirror)
  [ -n "$mirror" ] || { need_tools apt && mirror=$(machines_mirror); } # a fresh image has no lists
  [ -n "$mirror" ] || skip "it needs a Debian mirror: set ANODYNE_MIRROR to one"
  export ANODYNE_MIRROR=$mirror # for what is started from here
}

machines_mirror() {
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" "Label: Debian" 2>/dev/null | sort -u | sed -n 1p
}

make_root() { # SUITE FOLDER PACKAGE,PACKAGE... [OPTION...]
  local suite=$1 root=$2 packages=$3
  shift 3
  mmdebstrap --quiet --include="$packages" --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$@" "$suite" "$root" "$mirror"
  mkdir -p "$root/checkout"
  # The machine's own certificates, so that a site's mirror is trusted.
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/machine.crt"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
}

inside() { # run a command in the root $1 with the checkout at /checkout, read-only; the mounts end with it
  unshare --mount --propagation private bash -c '
    root=$1; shift
    mount --bind "$0" "$root/checkout" && mount -o remount,ro,bind "$root/checkout"
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/tmp"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
  ' "$checkout" "$@"
}

install_locked() { # ROOT ENVIRONMENT LOCK: exact packages, by the machine's own package index settings
  inside "$1" PIP_CERT=/etc/ssl/machine.crt ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} "$2/bin/pip" install \
    --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes -r "/checkout/$3"
}
