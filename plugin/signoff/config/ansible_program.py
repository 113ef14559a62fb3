"""Ask `ansible-inventory`, as a program of its own: it reads what is no YAML inventory."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.config.redaction import Redactor
from signoff.config.yamlfile import display_name
from signoff.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

PROGRAM = "ansible-inventory"
LIMIT = 120
"""Seconds that one answer may take: a dynamic inventory asks a cloud."""
MAX_ANSWER = 256 * 2**20
"""Bytes of one answer."""
_TOLD = 20
"""Lines of what the program said that an error repeats."""
_PASSED = re.compile(
    r"(?i:PATH|HOME|USER|LOGNAME|LANG|TZ|TMPDIR|SSH_AUTH_SOCK|KUBECONFIG|VIRTUAL_ENV|SSL_CERT_(?:FILE|DIR)"
    r"|(?:REQUESTS|CURL)_CA_BUNDLE|(?:HTTP|HTTPS|NO|ALL)_PROXY)\Z"
    r"|(?:ANSIBLE|AWS|AZURE|ARM|GCP|GCE|GOOGLE|CLOUDSDK|OS|OPENSTACK|VMWARE|PROXMOX|OVIRT|FOREMAN|NETBOX|HCLOUD"
    r"|DIGITALOCEAN|DO_API|LINODE|VULTR|SCW|K8S_AUTH|CONSUL|NCLOUD|XDG)_"
)
"""What the program may know of our environment: its own settings and those of clouds; no `${NAME}` of ours."""
_FORCED = {
    "LC_ALL": "C.UTF-8",
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_FORCE_COLOR": "0",
    "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",  # half of an inventory would be taken for the whole
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
    "ANSIBLE_INVENTORY_EXPORT": "0",
    "ANSIBLE_VERBOSITY": "0",
}


def ask(path: Path, environ: Mapping[str, str], *, secrets: Collection[str] = ()) -> str:
    """Return what the program says of the inventory at the path, as the JSON text that `read_answer` takes.

    Where hosts have settings of ours it is asked twice: Ansible replaces mappings of groups by those of hosts, and
    ours are merged, so that they must be known group by group.

    Args:
        path: file, folder or program.
        environ: the environment, of which the program sees its own part.
        secrets: values that no error may show.

    Raises:
        ConfigError: the program is missing, fails, takes too long, or does not answer in JSON.
    """
    program = _find(path, environ)
    listed = _run([program, "-i", str(path), "--list"], path, environ, secrets)
    by_group = None
    if '"signoff"' in listed:
        by_group = _parsed(_run([program, "-i", str(path), "--list", "--export"], path, environ, secrets), path)
    return json.dumps({"listed": _parsed(listed, path), "by_group": by_group})


def _find(path: Path, environ: Mapping[str, str]) -> str:
    """Return the program from PATH, or from beside the Python that runs."""
    found = shutil.which(PROGRAM, path=environ.get("PATH")) or shutil.which(
        PROGRAM, path=str(Path(sys.executable).parent)
    )
    if found is None:
        hint = "pip install 'pytest-signoff[ansible]', or write the hosts into hosts.yaml"
        raise _refusal(path, f"is read by {PROGRAM}, which is not installed", hint)
    return found


def _run(command: list[str], path: Path, environ: Mapping[str, str], secrets: Collection[str]) -> str:
    passed = {name: value for name, value in environ.items() if _PASSED.match(name)}
    with subprocess.Popen(  # noqa: S603 - the user's own program, on the user's own file
        command,
        cwd=path.parent,
        env={**passed, **_FORCED},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            answer, said = process.communicate(timeout=LIMIT)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise _refusal(path, f"{PROGRAM} did not answer within {LIMIT} s", "see what it waits for") from None
            raise
    if process.returncode != 0:
        words = Redactor(secrets)(said.decode("utf-8", "replace")).strip().splitlines()[-_TOLD:]
        told = "\n    ".join(["", *words]) if words else " and said nothing"
        raise _refusal(path, f"{PROGRAM} ended with status {process.returncode}:{told}", "")
    if len(answer) > MAX_ANSWER:
        raise _refusal(path, f"{PROGRAM} answers more than {MAX_ANSWER} bytes", "let it name fewer variables")
    return answer.decode("utf-8", "replace")


def _parsed(answer: str, path: Path) -> object:
    def refuse(word: str) -> object:
        raise ValueError(word)

    try:
        return json.loads(answer, parse_constant=refuse)
    except ValueError:
        raise _refusal(path, f"{PROGRAM} did not answer in JSON", f"run {PROGRAM} -i {path.name} --list") from None


def _refusal(path: Path, message: str, hint: str) -> ConfigError:
    return ConfigError([Problem(file=display_name(path), line=1, column=1, path="", message=message, hint=hint)])
