"""Where the private key comes from that signs: a file, the environment, or an SSH agent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from signoff.decision import roster
from signoff.errors import ApprovalError
from signoff.store.agent import AgentKey, agent_keys
from signoff.store.sign import load_key, public_key, read_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import Person, Policy
    from signoff.store.sign import SigningKey

PASSPHRASE_VARIABLE = "SIGNOFF_KEY_PASSPHRASE"  # noqa: S105 - its name, not its value
F = TypeVar("F", bound="Callable[..., object]")


def key_options(command: F) -> F:
    """Add the three ways to name a key; `choose_key` makes sure that it is one of them."""
    options = (
        click.option("--key", "key_path", type=click.Path(path_type=Path), help="File with your private key."),
        click.option("--key-env", metavar="NAME", help="Environment variable that holds your private key (PEM)."),
        click.option(
            "--agent",
            is_flag=False,
            flag_value="",
            metavar="[FINGERPRINT]",
            help="Sign with your SSH agent's Ed25519 key: the one on the roster, or that of the fingerprint.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def choose_key(policy: Policy, role: str, *, path: Path | None, variable: str | None, agent: str | None) -> SigningKey:
    """Return the key to sign with.

    Raises:
        ApprovalError: not exactly one way was chosen, or the key cannot be used; the message says what to do.
    """
    if sum(way is not None for way in (path, variable, agent)) != 1:
        raise ApprovalError("name your key in one way: --key FILE, --key-env NAME, or --agent")
    if path is not None:
        return load_key(path, passphrase=lambda: ask_passphrase(f"Passphrase of {path}"))
    if variable is not None:
        content = os.environ.get(variable)
        if not content:
            raise ApprovalError(f"the environment variable {variable} is empty or not set")
        return read_key(content.encode(), variable, lambda: ask_passphrase(f"Passphrase of the key in {variable}"))
    return _of_agent(agent_keys(), policy, role, agent or "")


def signer(key: SigningKey, policy: Policy) -> Person:
    """Return whose key it is.

    Raises:
        ApprovalError: nobody's on the roster.
    """
    mine = public_key(key)
    person = next((person for person in policy.roster if person.public_key == mine), None)
    if person is None:
        raise ApprovalError(f"the key is nobody's on the roster; add public_key: {mine} to your entry in policy.yaml")
    return person


def ask_passphrase(text: str, *, twice: bool = False) -> str:
    """Return the passphrase: from the environment, else asked without showing it."""
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given:
        return given
    answer: str = click.prompt(text, hide_input=True, confirmation_prompt=twice, err=True)
    return answer


def _of_agent(keys: list[AgentKey], policy: Policy, role: str, fingerprint: str) -> AgentKey:
    if fingerprint:
        found = [key for key in keys if key.fingerprint == fingerprint]
    else:
        mine = {roster.key_id(person.public_key) for person in policy.roster if role in person.roles}
        found = [key for key in keys if roster.key_id(public_key(key)) in mine]
    if len(found) == 1:
        return found[0]
    held = ", ".join(f"{key.fingerprint} {key.comment}".strip() for key in keys) or "none"
    if found:
        raise ApprovalError(f"several keys of the agent may sign as {role}; choose with --agent FINGERPRINT: {held}")
    wanted = fingerprint or f"that the roster has for {role}"
    raise ApprovalError(f"the agent has no Ed25519 key {wanted}; it holds: {held}")
