"""How often one client may ask for a path, as every front door on a host is configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.front.haproxy_config import doors as haproxy_doors
from signoff.probes.front.nginx_config import load
from signoff.probes.front.nginx_limits import doors as nginx_doors
from signoff.probes.hosts import files as host_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """What one front door does to a path."""

    path: str
    door: str
    per_second: float | None
    """Requests that one client may send each second; None: any number."""

    def __str__(self) -> str:
        """Return path, rate and door."""
        rate = "no limit" if self.per_second is None else f"{self.per_second:g}/s"
        return f"{self.path} at {self.door}: {rate}"


def read(host: Any, server: str, config: str, paths: Iterable[str]) -> tuple[Limit, ...]:
    """Return the limit of every path at every front door, that is: nginx's servers, or HAProxy's frontends.

    Args:
        host: A testinfra host.
        server: `nginx` or `haproxy`.
        config: Its main file.
        paths: What users ask for, such as `/api/login`.

    Raises:
        NotVerifiedError: a file cannot be read or understood, or there is no front door.
    """
    found: Sequence[tuple[str, Callable[[str], float | None]]]
    if server == "nginx":
        found = nginx_doors(load(host, config))
    else:
        found = haproxy_doors("\n".join(host_files.read(host, [config]).values()), file=config)
    if not found:
        raise NotVerifiedError(f"{config}: nothing that answers others; name the configuration of the front door")
    return tuple(Limit(path=path, door=door, per_second=limit_of(path)) for path in paths for door, limit_of in found)
