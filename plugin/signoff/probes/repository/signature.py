"""Whether a tag is signed by somebody who may sign releases: git's own verification against a list of signers."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.probes.repository.git import environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from signoff.probes.repository.git import Repository

_TIMEOUT = 20.0
_SSH, _PGP = "-----BEGIN SSH SIGNATURE-----", "-----BEGIN PGP SIGNATURE-----"
_GOOD_SSH = re.compile(r'^Good "git" signature for (?P<signer>.+) with ', re.MULTILINE)
_GOOD_PGP = re.compile(r"^\[GNUPG:\] GOODSIG \w+ (?P<signer>.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """What is known of one tag."""

    tag: str
    signer: str = ""
    """Who signed it, as the list of signers calls them; empty: nobody on the list did."""
    problem: str = ""
    """Why the signature does not count; empty: it does."""


def verify(
    repository: Repository, tag: str, *, ssh_signers: Path | None = None, pgp_keys: Path | None = None
) -> Signature:
    """Return who signed the tag.

    Args:
        repository: The clone.
        tag: Name of the tag.
        ssh_signers: File of allowed signers, as `ssh-keygen` reads it.
        pgp_keys: File of public keys that `gpg` exported; no other key counts.

    Raises:
        NotVerifiedError: no such tag, a file or program is missing, or the signature's kind has no list of signers.
    """
    if repository.kind(tag) != "tag":
        return Signature(tag=tag, problem="is a lightweight tag, which cannot be signed")
    text = repository.tag_text(tag)
    if re.search(rf"^tag {re.escape(tag)}$", text.partition("\n\n")[0], re.MULTILINE) is None:
        return Signature(tag=tag, problem="holds the name of another tag")
    if _SSH in text:
        return _judge(tag, _ask(repository, tag, _listed(tag, ssh_signers, "ssh", "ssh-keygen"), {}), _GOOD_SSH)
    if _PGP in text:
        return _judge(tag, _with_keyring(repository, tag, _listed(tag, pgp_keys, "pgp", "gpg")), _GOOD_PGP)
    return Signature(tag=tag, problem="is not signed")


def _listed(tag: str, file: Path | None, kind: str, program: str) -> Path:
    if file is None:
        raise NotVerifiedError(
            f"{tag}: signed by {kind}, but no {kind} signers are named; write signers in services.yaml"
        )
    if not file.is_file():
        raise NotVerifiedError(f"{file.name}: no such file; put the list of signers where the inventory says")
    if shutil.which(program) is None:
        raise NotVerifiedError(f"{tag}: {program} is not installed where the checks run; install it")
    return file


def _with_keyring(repository: Repository, tag: str, keys: Path) -> tuple[int, str]:
    """Ask with a keyring of our own: whatever the checking account trusts has no say."""
    with tempfile.TemporaryDirectory(prefix="signoff-gpg-") as home:
        variables = {"GNUPGHOME": home}
        imported = _run(
            ["gpg", "--batch", "--quiet", "--no-autostart", "--import", str(keys)], repository.path, variables
        )
        if imported[0]:
            raise NotVerifiedError(f"{keys.name}: gpg reads no public key in it; export the signers' keys again")
        return _ask(repository, tag, None, variables)


def _ask(repository: Repository, tag: str, signers: Path | None, variables: Mapping[str, str]) -> tuple[int, str]:
    chosen = ["-c", f"gpg.ssh.allowedSignersFile={signers}"] if signers else []
    # The repository's own settings could name another program as its verifier.
    programs = ["-c", "gpg.program=gpg", "-c", "gpg.openpgp.program=gpg", "-c", "gpg.ssh.program=ssh-keygen"]
    revoked = ["-c", "gpg.ssh.revocationFile=", "-c", "gpg.minTrustLevel=undefined"]
    command = [
        "git",
        *chosen,
        *programs,
        *revoked,
        "-C",
        str(repository.path),
        "verify-tag",
        "--raw",
        f"refs/tags/{tag}",
    ]
    return _run(command, repository.path, variables)


def _run(command: list[str], path: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    try:
        done = subprocess.run(  # noqa: S603 - fixed programs, no shell
            command, capture_output=True, check=False, env={**environment(path), **variables}, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(f"{command[0]}: no answer within {_TIMEOUT:g} s") from error
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def _judge(tag: str, answer: tuple[int, str], good: re.Pattern[str]) -> Signature:
    status, said = answer
    match = good.search(said)
    if status == 0 and match:
        return Signature(tag=tag, signer=match["signer"])
    return Signature(tag=tag, problem="is not signed by anybody on the list of signers")
