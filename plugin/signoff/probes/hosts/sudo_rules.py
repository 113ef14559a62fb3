"""Who may become whom on a host, from its whole sudoers policy as sudo's own reader gives it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMMAND = "/usr/bin/cvtsudoers -e -f json /etc/sudoers"
"""What must be listed for the host: it reads the policy with all that it includes, and spells out its aliases."""
_WHO = {"username": "", "userid": "#", "usergroup": "%", "usergid": "%#", "nonunixgroup": "%:", "netgroup": "+"}


@dataclass(frozen=True, kw_only=True, slots=True)
class SudoRule:
    """One permission."""

    who: str
    """As sudoers write it: a name, `%group`, `#id` or ALL."""
    runs_as: str
    command: str
    needs_password: bool

    def __str__(self) -> str:
        """Return it as sudoers write it."""
        return f"{self.who} ({self.runs_as}) {'' if self.needs_password else 'NOPASSWD: '}{self.command}"


def read(host: Any) -> tuple[SudoRule, ...]:
    """Return every permission on the host.

    Raises:
        NotVerifiedError: the policy cannot be read (says what to grant), or says nothing.
        GuardError: the inventory does not list the command for this host.
    """
    return parse(str(host.run_expect([0], f"sudo -n {COMMAND}").stdout))


def parse(text: str) -> tuple[SudoRule, ...]:
    """Return the permissions of cvtsudoers' JSON; see `read` for errors."""
    try:
        document: Any = json.loads(text)
        rules = tuple(rule for spec in document["User_Specs"] for rule in _rules(spec, _default_password(document)))
    except (ValueError, KeyError, TypeError) as error:
        raise NotVerifiedError(f"cvtsudoers: not its JSON ({error}); try `sudo {COMMAND}` there") from error
    if not rules:
        raise NotVerifiedError("cvtsudoers: no rule at all; is this the policy that sudo uses?")
    return rules


def _default_password(document: Mapping[str, Any]) -> bool:
    """Whether a password is asked for where a rule does not say; `Defaults !authenticate` says no for all."""
    options = [option for one in document.get("Defaults", ()) if "Binding" not in one for option in one["Options"]]
    said = [option["authenticate"] for option in options if "authenticate" in option]
    return bool(said[-1]) if said else True


def _rules(spec: Mapping[str, Any], asks: bool) -> Iterator[SudoRule]:
    people = [_name(user) for user in spec["User_List"]]
    for grant in spec["Cmnd_Specs"]:
        runs_as = ",".join(_name(user) for user in grant.get("runasusers", ())) or "root"
        options = {key: value for option in grant.get("Options", ()) for key, value in option.items()}
        for command in grant["Commands"]:
            # What follows an exclamation mark takes something away from the rule, and grants nothing.
            if command.get("negated"):
                continue
            for who in people:
                yield SudoRule(
                    who=who,
                    runs_as=runs_as,
                    command=_command(command),
                    needs_password=bool(options.get("authenticate", asks)),
                )


def _name(entry: Mapping[str, Any]) -> str:
    shown = next((f"{mark}{entry[key]}" for key, mark in _WHO.items() if key in entry), "")
    if not shown:
        raise KeyError(f"who {', '.join(entry)} is")
    return f"!{shown}" if entry.get("negated") else shown


def _command(entry: Mapping[str, Any]) -> str:
    for key in ("command", "cmndalias"):
        if key in entry:
            return str(entry[key])
    raise KeyError(f"what {', '.join(entry)} is")
