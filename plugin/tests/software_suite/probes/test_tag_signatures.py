"""Real tags, signed by real keys of ssh-keygen and gpg."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.repository.git import Repository
from signoff.probes.repository.signature import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.software_suite.conftest import Clone

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen (openssh-client)")


def ssh_key(folder: Path, name: str) -> str:
    """Make a key and return its public half."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
    subprocess.run(command, check=True, capture_output=True)
    return (folder / f"{name}.pub").read_text().strip()


def sign(clone: Clone, tag: str, key: Path) -> None:
    clone.git("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "tag", "--sign", "--message", tag, tag)


@pytest.fixture
def signers(clone: Clone, tmp_path: Path) -> Path:
    """Return a list with one signer; tags of several kinds are in the clone."""
    clone.commit({"README.md": "shop"})
    listed = tmp_path / "allowed_signers"
    listed.write_text(f'kim@example.test namespaces="git" {ssh_key(tmp_path, "kim")}\n')
    ssh_key(tmp_path, "stranger")
    clone.git("tag", "lightweight")
    clone.git("tag", "--annotate", "--message", "x", "unsigned")
    sign(clone, "good", tmp_path / "kim")
    sign(clone, "strange", tmp_path / "stranger")
    # Somebody points a name at the signed tag of another release.
    clone.git("update-ref", "refs/tags/renamed", clone.git("rev-parse", "refs/tags/good"))
    text = clone.git("cat-file", "tag", "good").replace("tag good", "tag forged")
    forged = subprocess.run(
        ["git", "-C", str(clone.path), "hash-object", "-t", "tag", "-w", "--stdin"],
        input=text + "\n",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    clone.git("update-ref", "refs/tags/forged", forged)
    return listed


def test_only_a_tag_signed_by_somebody_on_the_list_counts(clone: Clone, signers: Path) -> None:
    repository = Repository(path=clone.path)
    seen = {
        tag: verify(repository, tag, ssh_signers=signers)
        for tag in ("good", "strange", "unsigned", "lightweight", "renamed", "forged")
    }

    assert (seen["good"].signer, seen["good"].problem) == ("kim@example.test", "")
    assert {tag: one.problem for tag, one in seen.items() if tag != "good"} == {
        "strange": "is not signed by anybody on the list of signers",
        "unsigned": "is not signed",
        "lightweight": "is a lightweight tag, which cannot be signed",
        "renamed": "holds the name of another tag",
        "forged": "is not signed by anybody on the list of signers",
    }
    assert not any(one.signer for tag, one in seen.items() if tag != "good")


def test_without_signers_nothing_is_concluded(clone: Clone, signers: Path, tmp_path: Path) -> None:
    repository = Repository(path=clone.path)
    with pytest.raises(NotVerifiedError, match="no ssh signers are named"):
        verify(repository, "good", pgp_keys=signers)
    with pytest.raises(NotVerifiedError, match="no such file"):
        verify(repository, "good", ssh_signers=tmp_path / "absent")
    with pytest.raises(NotVerifiedError, match="no tag absent"):
        verify(repository, "absent", ssh_signers=signers)


def test_a_repository_cannot_name_its_own_verifier(clone: Clone, signers: Path, tmp_path: Path) -> None:
    yes = tmp_path / "yes"
    yes.write_text('#!/bin/sh\necho "Good \\"git\\" signature for kim@example.test with ED25519 key x"\n')
    yes.chmod(0o755)
    clone.git("config", "gpg.ssh.program", str(yes))
    clone.git("config", "gpg.ssh.allowedSignersFile", str(tmp_path / "stranger.pub"))

    assert verify(Repository(path=clone.path), "strange", ssh_signers=signers).problem


@pytest.fixture
def gpg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder for the keys of gpg; what it starts in the background is ended."""
    if shutil.which("gpg") is None:
        pytest.skip("needs gpg (apt: gnupg)")
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    yield home
    subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)


def test_keys_of_gpg_count_when_they_are_listed(clone: Clone, gpg: Path, tmp_path: Path) -> None:
    clone.commit({"README.md": "shop"})
    made = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key"]
    for name in ("kim", "stranger"):
        address = f"{name}@example.test"
        subprocess.run([*made, address, "ed25519", "sign", "never"], check=True, capture_output=True)
        clone.git("-c", f"user.signingkey={address}", "tag", "--sign", "--message", "x", f"by-{name}")
    listed = tmp_path / "signers.asc"
    exported = ["gpg", "--batch", "--armor", "--export", "kim@example.test"]
    listed.write_bytes(subprocess.run(exported, check=True, capture_output=True).stdout)
    repository = Repository(path=clone.path)

    assert verify(repository, "by-kim", pgp_keys=listed).signer == "kim@example.test"
    assert verify(repository, "by-stranger", pgp_keys=listed).problem
    (tmp_path / "empty.asc").write_text("")
    with pytest.raises(NotVerifiedError, match="no public key"):
        verify(repository, "by-kim", pgp_keys=tmp_path / "empty.asc")
    assert gpg.is_dir()
