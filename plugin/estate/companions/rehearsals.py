"""Rehearsals that are held when the estate is made, as those of a release are before it goes live."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from estate.companions.model import Companion
from estate.rehearsals import failover, records, restore, switch
from estate.roles import backup, cache, database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.estate import Estate

_PATIENCE = 600.0


def _prepare(estate: Estate) -> None:
    records.folder(estate).mkdir(parents=True, exist_ok=True)


def _start(estate: Estate) -> None:
    with ThreadPoolExecutor(max_workers=3) as pool:
        for held in [pool.submit(one, estate) for one in (_rehearse_switch, _rehearse_failover, _rehearse_restore)]:
            held.result()


def _rehearse_switch(estate: Estate) -> None:
    _wait(estate, "edge", "app1", "app2")
    # Twice: whether a rollback gets slower shows beside an earlier one only.
    first = switch.run(estate)
    records.write(estate, records.SWITCH, first)
    records.write(estate, f"{records.HISTORY}/first.json", first)
    records.write(estate, records.ROLLBACK, switch.run(estate))


def _rehearse_failover(estate: Estate) -> None:
    _wait(estate, cache.PRIMARY, "cache2")
    records.write(estate, records.CACHE_FAILOVER, failover.of_cache(estate))
    _wait(estate, database.PRIMARY, database.STANDBY)
    records.write(estate, records.FAILOVER, failover.of_database(estate))


def _rehearse_restore(estate: Estate) -> None:
    _wait(estate, backup.HOST, backup.VAULT)
    records.write(estate, records.RECOVERY, restore.drill(estate))


def _wait(estate: Estate, *hosts: str) -> None:
    for host in hosts:
        estate.wait_for(host, seconds=_PATIENCE)


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_RECORDS": str(records.folder(estate))}


COMPANION = Companion(name="rehearsals", prepare=_prepare, start=_start, exports=_exports)
