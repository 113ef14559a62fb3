"""Configuration files of the roles: templates below `files/`, whose path is their place on the host."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from estate.topology import ADDRESSES, CONTROLLER_ADDRESS, DOMAIN, SITE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.certificates import Issued
    from estate.estate import Estate
    from estate.hosts import Host

_FILES = Path(__file__).parent / "files"
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FILES),
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # noqa: S701 - configuration files, no HTML
)


def put(host: Host, estate: Estate, folder: str, /, *, private: Mapping[str, str] | None = None, **values: Any) -> None:
    """Write every template of the folder to the place on the host that its path below the folder names.

    Args:
        host: Where to.
        estate: Secrets come from it: templates call `secret("name")`.
        folder: Folder below `files/`.
        private: Owner (`user:group`) by place, for files with secrets: readable by owner and group only.
        values: What the templates know beside host, addresses, domain and site.
    """
    base = _FILES / folder
    for file in sorted(path for path in base.rglob("*") if path.is_file()):
        place = f"/{file.relative_to(base)}"
        text = render(host, estate, str(file.relative_to(_FILES)), **values)
        if owner := (private or {}).get(place):
            host.write(place, text, mode=0o640, owner=owner)
        else:
            host.write(place, text)


def render(host: Host, estate: Estate, template: str, /, **values: Any) -> str:
    """Return one template of `files/`, filled in."""
    return _ENVIRONMENT.get_template(template).render(
        host=host,
        secret=estate.secret,
        addresses=ADDRESSES,
        controller=CONTROLLER_ADDRESS,
        domain=DOMAIN,
        site=SITE,
        **values,
    )


def put_certificate(host: Host, estate: Estate, folder: str, *, owner: str) -> None:
    """Write a certificate with its intermediate (`server.crt`) and its key (`server.key`) for the host itself."""
    write_issued(host, estate.issue(f"{host.name}.{DOMAIN}", host.name, host.address), folder, owner=owner)


def write_issued(host: Host, issued: Issued, folder: str, *, owner: str) -> None:
    """Write certificate and key; `owner` (`user:group`) may read the key, nobody else."""
    host.write(f"{folder}/server.crt", issued.chain)
    host.write(f"{folder}/server.key", issued.key, mode=0o640, owner=owner)
