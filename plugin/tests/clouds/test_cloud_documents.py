"""docs/clouds.md: its commands are those that the product asks by, its policy suffices, its function works."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from signoff.probes.cloud import azure, google, kubernetes
from signoff.probes.cloud.documents import ExportFolder, Query

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "clouds.md").read_text()


def queries() -> list[Query]:
    fixed = [one for each in (google, azure, kubernetes) for one in vars(each).values() if isinstance(one, Query)]
    return [
        *fixed,
        google.errors_of("$GROUP", "region", "$REGION"),
        google.region_of("$REGION"),
        google.caches_of("$REGION"),
        google.budgets_of("$BILLING_ACCOUNT"),
        azure.settings_of("$GROUP"),
        azure.failures_of("$GROUP", 7),
        azure.instances_of("$GROUP", "$SET"),
        azure.usage_of("compute", "$REGION"),
        azure.usage_of("network", "$REGION"),
        azure.alerts_of("$SUBSCRIPTION"),
    ]


@pytest.mark.parametrize("query", queries(), ids=lambda query: " ".join(query.arguments))
def test_every_question_is_documented_with_its_file(query: Query) -> None:
    page = PAGE.replace('"', "")
    assert re.search(rf"^\S+ {re.escape(' '.join(query.arguments))} .*> {re.escape(query.file)}$", page, re.MULTILINE)


def test_the_function_writes_a_manifest_that_is_accepted(tmp_path: Path) -> None:
    function = re.search(r"^manifest\(\) \{.*?^\}$", PAGE, re.MULTILINE | re.DOTALL)
    assert function is not None
    (tmp_path / "a.json").write_text('{"items": [1]}')
    (tmp_path / "b.json").write_text('{"items": [2]}')
    script = f"{function[0]}\nmanifest kubernetes x 'kubectl 1.31'\nmanifest kubernetes x 'kubectl 1.31'"
    subprocess.run(["/bin/sh", "-eu", "-c", script], cwd=tmp_path, check=True)
    opened = ExportFolder(
        tmp_path, provider="kubernetes", account="x", now=datetime.now(UTC), max_age=timedelta(minutes=1)
    )
    assert opened.read(Query(file="b.json", arguments=())).at("items").value == [2]


def test_the_policy_of_amazon_allows_what_is_asked() -> None:
    actions = next(
        json.loads(block)["Statement"][0]["Action"] for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    )
    assert actions == sorted(actions)
    assert all(re.fullmatch(r"[a-z0-9-]+:(Describe|Get|List|View)\w+", action) for action in actions)
    allowed = {action.partition(":")[2] for action in actions}
    # One permission shows a budget with all that belongs to it, and nobody needs one to learn who he is.
    budgets = {"DescribeBudgets", "DescribeNotificationsForBudget", "DescribeSubscribersForNotification"}
    asked = set(re.findall(r'"([a-z]+_[a-z_]+)"', _sources()))
    operations = {_camel(name) for name in asked if name.startswith(("describe_", "get_", "list_"))}
    assert operations - budgets - {"GetCallerIdentity"} <= allowed


def _sources() -> str:
    folder = ROOT / "plugin" / "signoff" / "probes" / "cloud"
    return "".join(path.read_text() for path in folder.glob("aws_*.py"))


def _camel(name: str) -> str:
    """Return the operation as Amazon writes it."""
    words = "".join(word.capitalize() for word in name.split("_"))
    return words.replace("Db", "DB").replace("Aws", "AWS")


def test_the_cluster_role_reads_only() -> None:
    role: Any = next(yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}
    assert {name for rule in role["rules"] for name in rule["resources"]} == {
        one.arguments[1].partition(".")[0] for one in vars(kubernetes).values() if isinstance(one, Query)
    }
