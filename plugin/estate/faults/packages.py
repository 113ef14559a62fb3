"""Taking a package from a host and putting it back, without any network: its files wait in an archive on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estate.hosts import Host

_KEEP = """\
set -eu
dpkg -L "$1" | while read -r file; do
    if [ -f "$file" ] || [ -L "$file" ]; then echo "$file"; fi
done > "/var/tmp/$1.list"
ls /var/lib/dpkg/info/"$1".* >> "/var/tmp/$1.list"
tar --create --absolute-names --file "/var/tmp/$1.tar" --files-from "/var/tmp/$1.list" /var/lib/dpkg/status
"""
_RESTORE = """\
set -eu
tar --extract --absolute-names --overwrite --file "/var/tmp/$1.tar"
rm "/var/tmp/$1.tar" "/var/tmp/$1.list"
"""
_DOWNGRADE = """\
set -eu
mkdir -p /var/tmp/old/DEBIAN
cat > /var/tmp/old/DEBIAN/control
dpkg-deb --build --root-owner-group /var/tmp/old /var/tmp/old.deb
dpkg --install --force-downgrade --force-depends /var/tmp/old.deb
rm -r /var/tmp/old /var/tmp/old.deb
"""
_CONTROL = """\
Package: {name}
Version: {version}
Architecture: {architecture}
Maintainer: Operations <operations@estate.test>
Description: an old version, installed by hand
"""


def remove(host: Host, name: str) -> None:
    """Remove the package as an administrator would, whatever depends on it."""
    _keep(host, name)
    host.run("dpkg", "--remove", "--force-depends", name)


def downgrade(host: Host, name: str, version: str) -> None:
    """Install an older version of the package over it; this one holds no files."""
    _keep(host, name)
    architecture = host.run("dpkg", "--print-architecture").strip()
    control = _CONTROL.format(name=name, version=version, architecture=architecture)
    host.run("/bin/sh", "-c", _DOWNGRADE, "downgrade", stdin=control)


def restore(host: Host, name: str) -> None:
    """Put the package back as it was, with everything that dpkg knew of it."""
    host.run("/bin/sh", "-c", _RESTORE, "restore", name)


def _keep(host: Host, name: str) -> None:
    host.run("/bin/sh", "-c", _KEEP, "keep", name)
