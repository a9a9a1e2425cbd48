#!/usr/bin/env bash
# Install, upgrade or uninstall the box on this machine. Running it again changes nothing that is right already.
set -euo pipefail
umask 022

usage() {
  cat <<'TEXT'
usage: install.sh [install|uninstall] [options]
  install (default)   install, or upgrade what is there; a configuration that is there stays as it is
  uninstall           take the program away; configuration and state stay unless --purge
  --wheelhouse DIR    take all packages from this folder, without a network (made by `make wheelhouse`)
  --wheel FILE        without a wheelhouse: the wheel of Anodyne; what it needs comes from the package index
  --python PROGRAM    Python 3.11 or later (default: the system's)
  --station           also install the units of the nursing station's page and of the hospital's record
  --no-start          do not start or restart anything
  --purge             with uninstall: also configuration, state and the user
  --root DIR          install below DIR and leave this machine's services alone
TEXT
}

fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
say() { printf '%s\n' "$*"; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
again=${ANODYNE_AGAIN:-} # how to go on after a failure, where a package manager runs this
action=install root="" wheelhouse="" wheel="" python="" station="" start=yes purge="" fresh=""
while [ $# -gt 0 ]; do
  case $1 in
    install | upgrade) action=install ;;
    uninstall) action=uninstall ;;
    --wheelhouse | --wheel | --python | --root)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case $1 in
        --wheelhouse) wheelhouse=$2 ;;
        --wheel) wheel=$2 ;;
        --python) python=$2 ;;
        --root) root=$2 ;;
      esac
      shift ;;
    --station) station=yes ;;
    --no-start) start="" ;;
    --purge) purge=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown: $1" ;;
  esac
  shift
done

[ "$(id -u)" = 0 ] || fail "it needs to be root: sudo $0"
if [ -n "$root" ]; then
  mkdir -p "$root"
  root=$(cd "$root" && pwd)
  [ "$root" != / ] || root=""
fi
[ -z "$root" ] || start=""
live() { [ -z "$root" ] && [ -d /run/systemd/system ]; } # a running systemd that is this system's own

program=$root/opt/anodyne releases=$root/opt/anodyne-releases
etc=$root/etc/anodyne
units=$root/etc/systemd/system
sysusers=$root/etc/sysusers.d/anodyne.conf tmpfiles=$root/etc/tmpfiles.d/anodyne.conf
rules=$root/etc/udev/rules.d/70-anodyne.rules

# The id of a user or group of the target, which need not be this machine's.
id_of() { awk -F: -v name="$2" '$1 == name {print $3}' "$root/etc/$1"; }

find_python() {
  local candidate
  for candidate in ${python:-/usr/bin/python3 python3.11 python3.12 python3.13 python3.14}; do
    candidate=$(command -v "$candidate") || continue
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    "$candidate" -c 'import ensurepip, venv' 2>/dev/null ||
      fail "$candidate cannot make an environment: apt install python3-venv"
    python=$candidate
    return
  done
  fail "no Python 3.11 or later here${python:+ ($python is none)}: install one, or name it with --python"
}

copy() { # FROM TO: a file of the system, written only where it differs
  install -d -m 755 "$(dirname "$2")"
  cmp -s "$1" "$2" || install -m 644 "$1" "$2"
}

# What tells one release from another: its packages, its Python, this script.
fingerprint() {
  {
    if [ -n "$wheelhouse" ]; then
      (cd "$wheelhouse" && sha256sum -- *.whl)
    else
      sha256sum <"$wheel"
    fi
    "$python" -c 'import sys; print(sys.version, sys.executable)'
    if "$python" -c 'import lgpio' 2>/dev/null; then echo lgpio; fi # what the system has decides on extras
    sha256sum <"${BASH_SOURCE[0]}"
  } | sha256sum | cut -c 1-12
}

# A release that refuses the configuration would come up in safe mode: the one in use goes on instead.
check_config() { # RELEASE
  local file=$etc/anodyne.toml
  if [ ! -e "$file" ] || [ "$(readlink -f "$program")" = "$(readlink -f "$1")" ]; then return 0; fi
  "$1/bin/anodyne" config check "$file" >/dev/null && return 0
  if [ -e "$program" ]; then
    say "$("$program/bin/anodyne" --version || true) stays in its place and goes on"
  fi
  fail "$("$1/bin/anodyne" --version) refuses $file (above), so it was not put in place: correct the keys that are" \
    "named there, try with $1/bin/anodyne config check $file, and ${again:-run this again}"
}

# The program is made beside the one in use and put in its place in one step: an install that is interrupted leaves the
# old one running.
install_program() {
  find_python
  if [ -n "$wheelhouse" ]; then
    [ -d "$wheelhouse" ] || fail "no folder $wheelhouse"
    wheelhouse=$(cd "$wheelhouse" && pwd)
    compgen -G "$wheelhouse/anodyne-*.whl" >/dev/null || fail "$wheelhouse holds no anodyne-*.whl: make wheelhouse"
  elif [ -n "$wheel" ]; then
    [ -f "$wheel" ] || fail "no file $wheel"
    wheel=$(cd "$(dirname "$wheel")" && pwd)/$(basename "$wheel")
  else
    fail "give --wheelhouse DIR or --wheel FILE"
  fi
  local release
  release=$releases/$(fingerprint)
  if [ ! -e "$release/.complete" ]; then
    say "installing the program into $release"
    rm -rf "$release"
    install -d -m 755 "$releases"
    # With the system's packages in sight: picamera2 and gi are there and nowhere else.
    "$python" -m venv --system-site-packages "$release"
    local extras=station,metrics
    if "$release/bin/python" -c 'import lgpio' 2>/dev/null; then
      extras+=,gpio
    else
      say "without light, buzzer and button on pins: for those, apt install python3-lgpio and install again"
    fi
    local wanted=("anodyne[$extras]")
    [ -n "$wheelhouse" ] || wanted=("${wheel}[$extras]")
    # The system's picamera2 is compiled against the system's numpy; on Debian 12 that is numpy 1.
    if "$release/bin/python" -c 'import sys, numpy; sys.exit(numpy.__version__.split(".")[0] != "1")' 2>/dev/null; then
      wanted+=("numpy<2" "opencv-python-headless<4.12")
    fi
    local from=()
    [ -z "$wheelhouse" ] || from=(--no-index --find-links "$wheelhouse")
    "$release/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-cache-dir \
      "${from[@]}" "${wanted[@]}" || { rm -rf "$release"; fail "the packages cannot be installed (above)"; }
    "$release/bin/anodyne" --version >/dev/null || { rm -rf "$release"; fail "the program does not start (above)"; }
    touch "$release/.complete"
  fi
  check_config "$release"
  if [ -d "$program" ] && [ ! -L "$program" ]; then
    mv "$program" "$program.before-$(date +%s)"
    say "an environment that was made by hand is kept as $program.before-*"
  fi
  local before
  before=$(basename "$(readlink "$program" || true)")
  ln -sfn "anodyne-releases/$(basename "$release")" "$program.new"
  mv -T "$program.new" "$program"
  [ "$before" != "$(basename "$release")" ] || return 0
  local old
  for old in "$releases"/*; do
    # The one before may still run, and is there to go back to.
    case $(basename "$old") in "$(basename "$release")" | "$before") ;; *) rm -rf "$old" ;; esac
  done
}

install_system() {
  copy "$here/anodyne.sysusers" "$sysusers"
  copy "$here/anodyne.tmpfiles" "$tmpfiles"
  copy "$here/anodyne.rules" "$rules"
  copy "$here/anodyne.service" "$units/anodyne.service"
  if [ -n "$station" ]; then
    copy "$here/anodyne-station.service" "$units/anodyne-station.service"
    copy "$here/anodyne-ingest@.service" "$units/anodyne-ingest@.service"
  fi
  systemd-sysusers ${root:+--root="$root"} "$sysusers"
  # Pins belong to a group of their own on Raspberry Pi OS.
  if [ -n "$(id_of group gpio)" ] && [ -z "$root" ]; then usermod -a -G gpio anodyne; fi
  systemd-tmpfiles ${root:+--root="$root"} --create "$tmpfiles"
  if live; then
    reload_rules
    systemctl daemon-reload
  fi
}

reload_rules() { # containers have no udev
  command -v udevadm >/dev/null || return 0
  udevadm control --reload
  udevadm trigger --subsystem-match=video4linux --subsystem-match=media --subsystem-match=dma_heap \
    --subsystem-match=tty --action=change
}

install_config() {
  local file=$etc/anodyne.toml
  if [ ! -e "$file" ]; then
    "$program/bin/anodyne" config example >"$file.new"
    chown 0:"$(id_of group anodyne)" "$file.new"
    chmod 640 "$file.new"
    mv "$file.new" "$file"
    fresh=yes
    say "a first configuration is in $file: edit it, or run anodyne setup; then systemctl enable --now anodyne"
  fi
}

start_services() {
  # Example values watch nobody: a box that has just been installed waits for its configuration.
  [ -n "$start" ] && [ -z "$fresh" ] && live || return 0
  local unit
  for unit in anodyne ${station:+anodyne-station}; do
    systemctl enable --quiet "$unit"
    if systemctl is-active --quiet "$unit"; then
      systemctl restart "$unit"
    elif "$program/bin/anodyne" config check "$etc/anodyne.toml" >/dev/null; then
      systemctl start --no-block "$unit"
    fi
  done
  [ -z "$station" ] || systemctl try-restart 'anodyne-ingest@*.service'
}

uninstall() {
  local unit
  if live; then
    for unit in anodyne anodyne-station; do
      systemctl disable --now --quiet "$unit" 2>/dev/null || true # not installed is as good
    done
    systemctl stop 'anodyne-ingest@*.service' 2>/dev/null || true
    systemctl disable --quiet anodyne-ingest@.service 2>/dev/null || true # every instance
  fi
  rm -f "$units/anodyne.service" "$units/anodyne-station.service" "$units/anodyne-ingest@.service" "$rules" "$tmpfiles" "$sysusers"
  rm -rf "$program" "$releases" "$root/usr/local/bin/anodyne"
  if [ -n "$purge" ]; then
    rm -rf "$etc" "$root/var/lib/anodyne" "$root/var/lib/anodyne-station"
    if [ -n "$(id_of passwd anodyne 2>/dev/null)" ]; then userdel ${root:+--prefix "$root"} anodyne; fi
  else
    say "configuration ($etc) and state ($root/var/lib/anodyne) are kept; --purge takes them too"
  fi
  if live; then
    systemctl daemon-reload
    reload_rules
  fi
}

if [ "$action" = uninstall ]; then
  uninstall
else
  install_program
  install -d -m 755 "$root/usr/local/bin"
  ln -sfn /opt/anodyne/bin/anodyne "$root/usr/local/bin/anodyne"
  install_system
  install_config
  start_services
  say "installed: $("$program/bin/anodyne" --version)"
fi
