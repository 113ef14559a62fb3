"""The exact command of a next step, ready to be copied."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from signoff.decision.next_steps import Kind

if TYPE_CHECKING:
    from signoff.decision.next_steps import Step

_ITEMS_NAMED = 6
"""More items than this are run by their owner's name: the list would fill the screen."""


def step_command(step: Step, owner: str, environment: str) -> str:
    """Return the command that takes the step, or that records it; empty if there is none."""
    inventory = f"--inventory {shlex.quote(environment)}"
    first = step.results[0].item.id
    if step.kind is Kind.RUN:
        ids = [result.item.id for result in step.results]
        if len(ids) > _ITEMS_NAMED:
            return f"pytest --owner {shlex.quote(owner)} {inventory}"
        marks = " or ".join(f"checklist(id='{item}')" for item in ids)
        return f'pytest -m "{marks}" {inventory}'
    if step.kind is Kind.ATTEST:
        return f"signoff attest {first} --passed --statement TEXT --for 30d --key FILE {inventory}"
    if step.kind is Kind.MEND and step.issue is not None:
        return f"signoff issues resolve {step.issue.key} --by NAME --action TEXT {inventory}"
    return ""


def full_run_command(environment: str) -> str:
    """Return the command that runs the whole checklist."""
    return f"pytest --inventory {shlex.quote(environment)}"


def approve_command(role: str, environment: str) -> str:
    """Return the command that signs."""
    return f"signoff approve --role {shlex.quote(role)} --key FILE --inventory {shlex.quote(environment)}"


def revoke_command(role: str, environment: str) -> str:
    """Return the command that takes a signature back."""
    inventory = shlex.quote(environment)
    return f"signoff revoke --role {shlex.quote(role)} --key FILE --comment TEXT --inventory {inventory}"


def verify_command(environment: str) -> str:
    """Return the command that says what is wrong with the stored records."""
    return f"signoff verify --inventory {shlex.quote(environment)}"
