#!/usr/bin/env bash
# Inside the virtual machine of run.sh. `install` (in a chroot) prepares the disk; at boot
# `receive` unpacks the checkout and `check` runs the checks.
set -euo pipefail

install_checks() {
  useradd --create-home stranger # may open no camera
  # The program as it stands in the checkout, under the name that the systemd unit gives it.
  /opt/anodyne/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable /checkout
  cp "$0" /opt/guest.sh
  cat >/etc/systemd/system/checks.service <<'UNIT'
[Unit]
After=multi-user.target
[Service]
ExecStart=/bin/bash /opt/guest.sh receive
Type=oneshot
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target
UNIT
  systemctl --quiet enable checks.service
  # None of these has anything to do here, and each costs an emulated processor seconds.
  systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-timesyncd.service getty@tty1.service serial-getty@ttyS0.service
  systemctl --quiet disable bluetooth.service # the checks start it
}

receive() { # so that the disk need not be made anew for what changes in the checkout
  mkdir -p /given
  mount -t 9p -o trans=virtio,version=9p2000.L,ro given /given
  tar --extract --no-same-owner --file=/given/checkout.tar --directory=/checkout
  chmod -R a+rX /checkout
  exec bash /checkout/tests/vm/guest.sh check
}

check() {
  exec >/dev/ttyS1 2>&1
  stty -F /dev/ttyS1 raw
  echo "up after $(cut -d' ' -f1 /proc/uptime) s: Linux $(uname -r), $(nproc) processors"
  trap 'systemctl --no-block poweroff' EXIT
  cd /checkout
  local options result=0
  eval "options=($(cat /given/options))"
  PYTHONFAULTHANDLER=1 /opt/anodyne/bin/python -m pytest -vs --color=no -p no:cacheprovider \
    tests/vm/check_*.py "${options[@]}" || result=$?
  echo "END $result after $(cut -d' ' -f1 /proc/uptime) s"
}

case $1 in
install) install_checks ;;
receive) receive ;;
check) check ;;
esac
