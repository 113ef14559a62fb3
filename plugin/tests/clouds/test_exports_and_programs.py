"""Answers of a provider's own program: brought here as files, or asked for."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, CouldNotCheckError, GuardError, NotVerifiedError, TimedOutError
from signoff.probes.cloud import azure, google, kubernetes, programs
from signoff.probes.cloud.documents import ExportFolder, Query
from signoff.probes.cloud.programs import Program, command

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

NOW_ = "2026-11-23T09:00:00+00:00"
QUERY = Query(file="things.json", arguments=("get", "things"))
CLUSTER = "7d3f0f6e-2f0f-4f0e-9d55-3f1f0a9a2b11"


@pytest.fixture
def now() -> datetime:
    from datetime import datetime as clock

    return clock.fromisoformat(NOW_)


@pytest.fixture
def folder(export: Callable[..., Any]) -> Any:
    made = export("kubernetes", CLUSTER)
    made.put("things.json", {"items": [1]})
    return made


def opened(folder: Any, now: datetime, **keys: Any) -> ExportFolder:
    standard: dict[str, Any] = {"provider": "kubernetes", "account": CLUSTER, "max_age": timedelta(hours=24)}
    return ExportFolder(folder.folder, now=now, **(standard | keys))


def test_an_export_is_read(folder: Any, now: datetime) -> None:
    assert opened(folder, now).read(QUERY).at("items").value == [1]


SPOILED: dict[str, Any] = {
    "another account": ({"account": "x"}, "about kubernetes x, not about"),
    "another provider": ({"provider": "azure"}, "about azure"),
    "too old": ({"created": "2026-11-21T08:00:00Z"}, "is 2 days old, limit is 1; make it again"),
    "from the future": ({"created": "2026-11-24T09:00:00Z"}, "in the future"),
    "without an offset": ({"created": "2026-11-23T09:00:00"}, "an instant with an offset"),
    "undated": ({"created": None}, "expected"),
    "without a tool": ({"tool": None}, "expected a text"),
    "another version": ({"schema_version": 2}, "not of version 1"),
    "unknown key": ({"acount": "x"}, "unknown: acount"),
    "no list of files": ({"files": None}, "expected an object"),
}


@pytest.mark.parametrize("case", SPOILED)
def test_a_manifest_that_does_not_fit_proves_nothing(case: str, folder: Any, now: datetime) -> None:
    changes, words = SPOILED[case]
    folder.manifest.update(changes)
    folder.sign()
    with pytest.raises(NotVerifiedError, match=words):
        opened(folder, now)


def test_a_changed_file_proves_nothing(folder: Any, now: datetime) -> None:
    (folder.folder / "things.json").write_text('{"items": []}')
    with pytest.raises(NotVerifiedError, match="not the file that the manifest speaks of"):
        opened(folder, now).read(QUERY)


def test_a_truncated_file_proves_nothing_even_if_listed(folder: Any, now: datetime) -> None:
    text = json.dumps({"items": list(range(99))}).encode()[:-20]
    (folder.folder / "things.json").write_bytes(text)
    import hashlib

    folder.manifest["files"]["things.json"] = hashlib.sha256(text).hexdigest()
    folder.sign()
    with pytest.raises(NotVerifiedError, match="not a JSON document"):
        opened(folder, now).read(QUERY)


def test_files_and_manifest_must_be_there(folder: Any, now: datetime) -> None:
    with pytest.raises(NotVerifiedError, match=r"other\.json was not exported; export it too: get other"):
        opened(folder, now).read(Query(file="other.json", arguments=("get", "other")))
    (folder.folder / "things.json").unlink()
    with pytest.raises(NotVerifiedError, match="put it where the inventory says"):
        opened(folder, now).read(QUERY)
    (folder.folder / "manifest.json").unlink()
    with pytest.raises(NotVerifiedError, match="put it where the inventory says"):
        opened(folder, now)


# --- programs


def every_query() -> list[tuple[str, Query]]:
    """Return all questions that the modules know, by provider."""
    found = [("google", one) for one in vars(google).values() if isinstance(one, Query)]
    found += [
        ("google", google.errors_of("shop", "region", "asia-northeast3")),
        ("google", google.region_of("asia-northeast3")),
        ("google", google.caches_of("asia-northeast3")),
        ("google", google.budgets_of("000000-AAAAAA-111111")),
    ]
    found += [("azure", one) for one in vars(azure).values() if isinstance(one, Query)]
    found += [
        ("azure", azure.settings_of("shop")),
        ("azure", azure.failures_of("shop", 7)),
        ("azure", azure.instances_of("shop", "app")),
        ("azure", azure.usage_of("compute", "koreacentral")),
        ("azure", azure.usage_of("network", "koreacentral")),
        ("azure", azure.alerts_of("x")),
    ]
    return [*found, *(("kubernetes", one) for one in vars(kubernetes).values() if isinstance(one, Query))]


def test_every_question_reads_only_and_names_its_account() -> None:
    queries = every_query()
    assert len(queries) > 25
    for provider, query in queries:
        line = command(provider, "the-account", query, "the-context")
        assert "the-account" in line or provider == "kubernetes" or line[1] == "rest"
        assert "json" in line


FORBIDDEN: dict[str, Any] = {
    "delete": ("kubernetes", ("delete", "pods", "--all-namespaces")),
    "apply": ("kubernetes", ("apply", "-f", "x")),
    "raw": ("kubernetes", ("get", "--raw", "/x")),
    "another cluster": ("kubernetes", ("get", "pods", "--kubeconfig", "x")),
    "secrets as a flag": ("kubernetes", ("get", "pods", "--token=x")),
    "resize": ("google", ("compute", "instance-groups", "managed", "resize", "list")),
    "delete list": ("google", ("compute", "instances", "delete", "list")),
    "impersonate": ("google", ("compute", "instances", "list", "--impersonate-service-account", "x")),
    "group named as an option": ("google", ("compute", "instance-groups", "managed", "list-errors", "--flags-file=x")),
    "post": ("azure", ("rest", "--method", "post", "--url", "x")),
    "body": ("azure", ("rest", "--method", "get", "--body", "x")),
    "delete vm": ("azure", ("vm", "delete", "--name", "list")),
    "nothing": ("azure", ()),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_other_commands_are_refused(case: str) -> None:
    provider, arguments = FORBIDDEN[case]
    with pytest.raises(GuardError, match="is not a command that only reads"):
        command(provider, "account", Query(file="x", arguments=arguments))


@pytest.fixture
def kubectl(tmp_path: Path) -> Callable[..., Program]:
    """Return a function that makes a program which does what the line of Python says."""

    def kubectl_(line: str, timeout: float = 60) -> Program:
        path = tmp_path / "kubectl"
        path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{line}\n")
        path.chmod(0o755)
        return Program("kubernetes", account=CLUSTER, path=str(path), context="production", timeout=timeout)

    return kubectl_


def test_a_program_is_asked_for_json(kubectl: Callable[..., Program]) -> None:
    answer = kubectl("print(json.dumps({'asked': sys.argv[1:], 'in': sys.stdin.read()}))").read(QUERY)
    assert answer.value == {
        "asked": ["--context", "production", "get", "things", "--output", "json", "--request-timeout", "30s"],
        "in": "",
    }


REFUSALS: dict[str, Any] = {
    "denied": ("sys.exit('Error from server (Forbidden): things is forbidden')", NotVerifiedError, "grant the account"),
    "signed out": ("sys.exit('error: You must be logged in: login expired')", AuthenticationError, "logged in"),
    "unknown": ("sys.exit('the server is on fire')", CouldNotCheckError, "the server is on fire"),
    "silent": ("sys.exit(3)", CouldNotCheckError, "failed without a word"),
    "no JSON": ("print('hello')", NotVerifiedError, "not a JSON document"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_program_that_fails_says_what_to_do(case: str, kubectl: Callable[..., Program]) -> None:
    line, kind, words = REFUSALS[case]
    with pytest.raises(kind, match=words):
        kubectl(line).read(QUERY)


def test_a_program_that_does_not_answer_is_no_verdict(kubectl: Callable[..., Program]) -> None:
    with pytest.raises(TimedOutError, match="no answer within 2 s"):
        kubectl("time.sleep(600)", timeout=2).read(QUERY)


@pytest.mark.parametrize("provider", programs.PROGRAMS)
def test_a_program_that_is_missing_is_no_verdict(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotVerifiedError, match="install it, or use exports"):
        Program(provider, account="x")
