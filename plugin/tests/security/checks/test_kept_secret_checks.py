"""SEC-CFG-4 beside source and history: programs that run, a scanner, and Vault."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LEAK = "AWS_KEY = 'AKIAQ7DKX2M4TZVLJ3WP'\n"
WAIT = "import time; print(flush=True); time.sleep(600)"
DETECT = str(Path(sys.executable).with_name("detect-secrets"))


def test_programs_that_run(environment: Any, states_of: Callable[..., Any]) -> None:
    environment.host("careful", "app", command_lines=["*signoff-careful-program*"])
    environment.host("careless", "app", command_lines=["*signoff-careless-program*"])
    environment.host("idle", "app", command_lines=["*no-such-program-anywhere"])
    environment.unreachable_host("down", "app")
    with ExitStack() as stack:
        for words in (["signoff-careful-program"], ["signoff-careless-program", "--password", "Tr0ub4dor-3x"]):
            line = [sys.executable, "-c", WAIT, *words]
            process = stack.enter_context(subprocess.Popen(line, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout
            process.stdout.readline()

        states = environment.run("security/secrets")

    assert states_of(states, "no_secret_on_command_lines") == {
        "careful": "PASS",
        "careless": "FAIL",
        "idle": "NOT_VERIFIED",
        "down": "ERROR",
    }
    assert "Tr0ub4dor" not in json.dumps(environment.reasons)


def _vault(audit: bool = True, sealed: bool = False, policies: tuple[str, ...] = ("default",), ttl: int = 3600) -> Any:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        path = request.path.partition("?")[0].removeprefix("/v1/")
        if path == "sys/health":
            return (
                (503 if sealed else 200),
                {},
                json.dumps({"initialized": True, "sealed": sealed, "version": "1.16.2"}),
            )
        if path == "sys/audit" and "auditor" not in policies:
            return 403, {}, '{"errors": ["permission denied"]}'
        devices = {"file/": {"type": "file", "path": "file/"}} if audit else {}
        token = {"id": "hvs.reader", "policies": list(policies), "ttl": ttl, "explicit_max_ttl": 0}
        return 200, {}, json.dumps({"data": devices if path == "sys/audit" else token})

    return answer


def test_scanner_and_vault(environment: Any, states_of: Any, clone: Any, tmp_path: Path, serve: Any) -> None:
    clone.commit(app_dot_py="import os\n")
    leaky = type(clone)(tmp_path / "leaky")
    leaky.commit("2026-10-02T00:00:00Z", app_dot_py=LEAK)
    leaky.commit("2026-10-03T00:00:00Z", app_dot_py="import os\n")
    scanner = {"kind": "secret_scan", "tool": "detect-secrets", "program": DETECT}
    proof = {"kind": "secret_rotation", "file": "app.py", "rule": "AWS Access Key", "proof": "ticket SEC-1234"}
    for name, path in (
        ("clean", clone.path),
        ("leaky", leaky.path),
        ("rotated", leaky.path),
        ("gone", tmp_path / "no"),
    ):
        environment.services[f"{name}-source"] = {"kind": "repository", "path": str(path)}
        environment.services[name] = scanner | {"repository": f"{name}-source"}
    environment.services |= {
        "after": proof | {"repository": "rotated-source", "rotated_at": "2026-10-02T12:00:00Z"},
        "without-scanner": scanner | {"repository": "clean-source", "program": "/no/such/scanner"},
    }
    narrow = ("default", "auditor")
    vaults = {
        "sound": _vault(policies=narrow),
        "blind": _vault(policies=narrow, audit=False),
        "sealed": _vault(policies=narrow, sealed=True),
        "by-root": _vault(policies=("root", "auditor"), ttl=0),
        "mighty": _vault(policies=(*narrow, "writer")),
        "endless": _vault(policies=narrow, ttl=0),
        "silent": _vault(),
    }
    with ExitStack() as stack:
        sites = {name: stack.enter_context(serve(vault)) for name, vault in vaults.items()}
        for name, url in (sites | {"nobody": "http://127.0.0.1:1"}).items():
            vault = {"kind": "vault", "url": url, "token": "hvs.reader", "policies": list(narrow)}
            environment.services[f"vault-{name}"] = vault

        states = environment.run("security/secrets")

    assert states_of(states, "scanner_found_no_secret_in_history") == {
        "clean": "PASS",
        "leaky": "FAIL",
        "rotated": "PASS",
        "gone": "NOT_VERIFIED",
        "without-scanner": "NOT_VERIFIED",
    }
    assert states_of(states, "vault_is_sound") == {
        "vault-sound": "PASS",
        "vault-blind": "FAIL",
        "vault-sealed": "FAIL",
        "vault-by-root": "FAIL",
        "vault-mighty": "FAIL",
        "vault-endless": "FAIL",
        "vault-silent": "NOT_VERIFIED",
        "vault-nobody": "ERROR",
    }
    assert "AKIA" not in json.dumps(environment.reasons)
