#!/usr/bin/env bash
# The box in a real Home Assistant: its own core and MQTT integration in a Debian 13 root, the box and the broker outside.
# usage: tests/home_assistant/run.sh PYTHON FOLDER [pytest options]    (FOLDER keeps the root between runs)
#        tests/home_assistant/run.sh --assistant ROOT PORT             (what the checks start)
# Needs root (for chroot and mounts), mmdebstrap (fetched by apt where that is there), a Debian mirror and a package
# index for the first run, about 0.8 GB in FOLDER. ANODYNE_MIRROR names another mirror.
set -euo pipefail

here=$(realpath "$(dirname "$0")")
checkout=$(realpath "$here/../..")
# shellcheck source=tests/roots.sh
. "$here/../roots.sh"

skip() { echo "SKIPPED: the box in a real Home Assistant ($1)"; exit 0; }

if [ "$1" = --assistant ]; then # its settings are new each time and end with the mounts
  inside "$2" PYTHONPATH=/checkout PYTHONDONTWRITEBYTECODE=1 /opt/venv/bin/python -m tests.home_assistant.assistant "$3" /tmp/house
  exit
fi
[ "$(uname -s)" = Linux ] || skip "it needs Linux"
need_mounts test-home-assistant
command -v mosquitto >/dev/null || need_tools mosquitto
command -v mmdebstrap >/dev/null || need_tools mmdebstrap
need_debian
python=$1
mkdir -p "$2"
root=$(realpath "$2")/home-assistant-root
shift 2
# Headers and a compiler for the few packages without a wheel.
build_packages=gcc,g++,libc6-dev,python3-dev

build() {
  local new=$root.new
  rm -rf "$new" "$root"
  make_root trixie "$new" "python3,python3-venv,$build_packages" --variant=apt
  inside "$new" python3 -m venv /opt/venv
  install_locked "$new" /opt/venv tests/home_assistant/requirements.lock
  inside "$new" apt-get purge -qq --autoremove ${build_packages//,/ } >/dev/null
  inside "$new" apt-get clean
  echo "$key" >"$new/.key"
  mv "$new" "$root"
}

key=$(cat "$here"/{run.sh,../roots.sh,requirements.lock} | sha256sum)
if [ "$(cat "$root/.key" 2>/dev/null)" != "$key" ]; then
  echo "building the root in $root (once; some minutes)"
  SECONDS=0
  build
  echo "built in $SECONDS s, $(du -sm "$root" | cut -f1) MB"
fi
cd "$checkout"
# A client of paho is in a cycle with its own pair of sockets: which of them the end of the process meets first is luck.
HOME_ASSISTANT_ROOT=$root "$python" -m pytest -p no:cacheprovider -v -W "ignore:unclosed <socket:ResourceWarning" tests/home_assistant/check_home_assistant.py "$@"
