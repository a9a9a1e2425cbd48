#!/usr/bin/env bash
# Build a Debian package from a wheelhouse. Its maintainer scripts are install.sh.
# usage: systemd/deb.sh WHEELHOUSE FOLDER ARCH    (ARCH aarch64 or x86_64)
set -euo pipefail
[ $# -eq 3 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
wheelhouse=$1 folder=$2
case $3 in
  aarch64) arch=arm64 ;;
  x86_64) arch=amd64 ;;
  *) echo "ARCH is aarch64 or x86_64, not $3" >&2; exit 2 ;;
esac
wheel=$(basename "$(compgen -G "$wheelhouse/anodyne-*.whl")") || { echo "no anodyne-*.whl in $wheelhouse" >&2; exit 1; }
version=${wheel#anodyne-} version=${version%%-*}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"
share=$tree/usr/share/anodyne
install -d "$share/wheelhouse" "$tree/usr/bin" "$tree/usr/share/doc/anodyne" "$tree/DEBIAN"
install -m 755 "$here/install.sh" "$share/"
install -m 644 "$here"/anodyne* "$share/"
install -m 644 "$wheelhouse"/*.whl "$share/wheelhouse/"
install -m 644 "$here/../LICENSE" "$tree/usr/share/doc/anodyne/copyright"
ln -s /opt/anodyne/bin/anodyne "$tree/usr/bin/anodyne"

cat >"$tree/DEBIAN/control" <<TEXT
Package: anodyne
Version: $version
Architecture: $arch
Maintainer: The Anodyne authors <anodyne@example.org>
Installed-Size: $(du -sk "$tree" | cut -f 1)
Section: misc
Priority: optional
Depends: python3 (>= 3.11), python3-venv, systemd, passwd
Recommends: bluez
Suggests: python3-picamera2, python3-lgpio, mosquitto
Description: notices signs of pain at the bedside and tells the nursing station
 Software of a bedside box for palliative care: a camera and a wristband in, an
 alert over MQTT out. No picture leaves the box. It informs; it is not a medical
 device and replaces nobody at the bed.
TEXT
cat >"$tree/DEBIAN/postinst" <<'TEXT'
#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
# Where it fails, the program of before goes on and the package waits to be configured.
ANODYNE_AGAIN="run: sudo dpkg --configure anodyne"
export ANODYNE_AGAIN
exec /usr/share/anodyne/install.sh install --wheelhouse /usr/share/anodyne/wheelhouse
TEXT
cat >"$tree/DEBIAN/prerm" <<'TEXT'
#!/bin/sh
set -e
[ "$1" = remove ] || exit 0
exec /usr/share/anodyne/install.sh uninstall
TEXT
# When dpkg purges, the installed script is gone already: this one brings it along.
{
  # shellcheck disable=SC2016  # what is printed is a script
  printf '#!/usr/bin/env bash\n[ "$1" = purge ] || exit 0\nset -- uninstall --purge\n'
  tail -n +2 "$here/install.sh"
} >"$tree/DEBIAN/postrm"
chmod 755 "$tree/DEBIAN/postinst" "$tree/DEBIAN/prerm" "$tree/DEBIAN/postrm"

mkdir -p "$folder"
# Wheels are packed already; pressing them again takes minutes and saves nothing.
dpkg-deb --build --root-owner-group -Znone "$tree" "$folder/anodyne_${version}_$arch.deb"
