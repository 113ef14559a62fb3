"""What a companion is: a program beside the hosts, in the controller's network, such as a contract fake of a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from estate.estate import Estate


def _nothing(_estate: Estate) -> None:
    return


def _no_program(_estate: Estate) -> Sequence[str]:
    return ()


def _at_once(_estate: Estate) -> bool:
    return True


def _no_settings(_estate: Estate) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Companion:
    """Something that the inventory names and that is on no host: a program, or files under `layout.companions`.

    The order: `prepare`, the program, `ready`; all companions side by side with the boot of the hosts.
    """

    name: str
    prepare: Callable[[Estate], None] = _nothing
    """Makes files; no host can be asked yet."""
    program: Callable[[Estate], Sequence[str]] = _no_program
    """Its command line, run in the controller's network (127.0.0.1 and the estate); empty for files only."""
    ready: Callable[[Estate], bool] = _at_once
    """Asked repeatedly until it is true; must neither block for long nor raise."""
    start: Callable[[Estate], None] = _nothing
    """After it answers: fill it."""
    exports: Callable[[Estate], Mapping[str, str]] = _no_settings
    """Lines of the `.env` file; names begin with ESTATE_."""
