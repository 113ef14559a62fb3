"""Faults of patches: updates that wait, restarts that wait, lists and sources that tell nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.faults.model import Fault
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate

_REPOSITORY = "/opt/patches"
_SOURCE = "/etc/apt/sources.list.d/patches.list"
_PACKAGE = "shop-codec"
# A repository on the host's own disk, published as a distribution publishes its security updates.
_PUBLISH = f"""\
set -eu
build() {{
    mkdir -p tree/DEBIAN
    printf 'Package: {_PACKAGE}\\nVersion: %s\\nArchitecture: all\\nMaintainer: x <x@x>\\nDescription: x\\n' "$1" \\
        > tree/DEBIAN/control
    dpkg-deb --build --root-owner-group tree "$2" > /dev/null
    rm -r tree
}}
mkdir -p {_REPOSITORY} && cd {_REPOSITORY}
build 1.0-1 old.deb && dpkg --install old.deb > /dev/null && rm old.deb
build 1.0-1+deb12u1 new.deb
{{ dpkg-deb --field new.deb; printf 'Filename: ./new.deb\\nSize: %s\\nSHA256: %s\\n' \\
    "$(stat -c %s new.deb)" "$(sha256sum new.deb | cut -d ' ' -f 1)"; }} > Packages
{{ printf 'Origin: Debian\\nLabel: Debian-Security\\nSuite: stable-security\\nCodename: bookworm-security\\n'
    printf 'Date: %s\\nSHA256:\\n %s %s Packages\\n' "$(date -uR | sed 's/+0000/UTC/')" \\
    "$(sha256sum Packages | cut -d ' ' -f 1)" "$(stat -c %s Packages)"; }} > Release
echo 'deb [trusted=yes] file:{_REPOSITORY} ./' > {_SOURCE}
apt-get -q -o Dir::Etc::sourcelist={_SOURCE} -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 update > /dev/null
"""
_WITHDRAW = f"""\
dpkg --purge {_PACKAGE} > /dev/null
rm -rf {_REPOSITORY} {_SOURCE} /var/lib/apt/lists/*_patches_*
"""
_SOURCES = "/etc/apt/sources.list"
_RELEASE = "/usr/lib/os-release"
_LISTS = "/var/lib/apt/lists"


def _publish_update(estate: Estate) -> None:
    estate.host("app1").run("/bin/sh", "-c", _PUBLISH)


def _withdraw_update(estate: Estate, _: Any) -> None:
    estate.host("app1").run("/bin/sh", "-c", _WITHDRAW)


def _ask_for_reboot(estate: Estate) -> None:
    host = estate.host("mon")
    host.write("/run/reboot-required", "*** System restart required ***\n")
    host.write("/run/reboot-required.pkgs", "libc6\nlinux-base\n")


def _reboot(estate: Estate, _: Any) -> None:
    for path in ("/run/reboot-required", "/run/reboot-required.pkgs"):
        estate.host("mon").remove(path)


def _forget_security(estate: Estate) -> str:
    host = estate.host("db1")
    text = host.read(_SOURCES)
    lines = (f"# {line}" if "-security " in line else line for line in text.splitlines(keepends=True))
    host.write(_SOURCES, "".join(lines))
    return text


def _remember_security(estate: Estate, text: Any) -> None:
    estate.host("db1").write(_SOURCES, text)


def _rewrite(host: str, path: str, old: str, new: str) -> Callable[[Estate], None]:
    def break_(estate: Estate) -> None:
        estate.host(host).replace(path, old, new)

    return break_


def _undo(host: str, path: str, old: str, new: str) -> Callable[[Estate, Any], None]:
    def mend(estate: Estate, _: Any) -> None:
        estate.host(host).replace(path, new, old)

    return mend


def _let_lists_age(estate: Estate) -> str:
    host = estate.host("cache1")
    before = host.run("stat", "-c", "%Y", _LISTS).strip()
    host.run("touch", "--date", "3 days ago", _LISTS, f"{_LISTS}/partial")
    return before


def _refresh_lists(estate: Estate, before: str) -> None:
    estate.host("cache1").run("touch", "--date", f"@{before}", _LISTS, f"{_LISTS}/partial")


FAULTS = (
    Fault(
        name="security-update-missing",
        title=Text(
            ko="app1에 설치되지 않은 보안 업데이트가 있습니다", en="A security update was never installed on app1"
        ),
        items=("INF-SRV-2",),
        break_=_publish_update,
        mend=_withdraw_update,
    ),
    Fault(
        name="reboot-pending",
        title=Text(ko="mon이 재부팅을 기다리고 있습니다", en="mon waits for a reboot after an update"),
        items=("INF-SRV-2",),
        break_=_ask_for_reboot,
        mend=_reboot,
    ),
    Fault(
        name="security-source-removed",
        title=Text(
            ko="db1의 패키지 소스에서 보안 저장소가 빠졌습니다",
            en="db1 no longer asks the repository of security updates",
        ),
        items=("INF-SRV-2",),
        break_=_forget_security,
        mend=_remember_security,
    ),
    Fault(
        name="release-out-of-support",
        title=Text(
            ko="cache2의 배포판 지원 기간이 끝났습니다",
            en="cache2 runs a release that gets no security updates any more",
        ),
        items=("INF-SRV-2",),
        break_=_rewrite("cache2", _RELEASE, 'VERSION_ID="12"', 'VERSION_ID="10"'),
        mend=_undo("cache2", _RELEASE, 'VERSION_ID="12"', 'VERSION_ID="10"'),
    ),
    Fault(
        name="package-lists-stale",
        title=Text(
            ko="cache1의 패키지 목록이 사흘 전 것입니다", en="cache1 has not fetched its lists of packages for days"
        ),
        items=(),
        blinds=("INF-SRV-2",),
        break_=_let_lists_age,
        mend=_refresh_lists,
    ),
)
