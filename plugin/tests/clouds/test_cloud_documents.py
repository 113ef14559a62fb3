"""docs/clouds.md: its commands are those that the product asks by, its policy suffices, its function works."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from signoff.probes.cloud import (
    azure,
    google,
    kubernetes,
    kubernetes_images,
    kubernetes_network,
    kubernetes_workloads,
)
from signoff.probes.cloud.documents import ExportFolder, Query
from signoff.probes.front import endpoint_slices, kubernetes_switch

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "clouds.md").read_text()


CLUSTER = (kubernetes, kubernetes_images, kubernetes_network, kubernetes_workloads, kubernetes_switch, endpoint_slices)
"""All modules that ask a Kubernetes cluster."""


def of_module(module: ModuleType) -> list[Query]:
    """Return the questions that a module holds, by themselves or by name."""
    held = [one for value in vars(module).values() for one in (value.values() if isinstance(value, dict) else [value])]
    return [one for one in held if isinstance(one, Query)]


def queries() -> list[Query]:
    fixed = list(dict.fromkeys(one for each in (google, azure, *CLUSTER) for one in of_module(each)))
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
    assert re.search(
        rf"^\S+ {re.escape(' '.join(query.arguments))} .*> {re.escape(query.file)}(?: +#.*)?$", page, re.MULTILINE
    )


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


S3 = {
    "get_bucket_encryption": "GetEncryptionConfiguration",
    "get_bucket_lifecycle_configuration": "GetLifecycleConfiguration",
    "get_bucket_replication": "GetReplicationConfiguration",
    "get_object_lock_configuration": "GetBucketObjectLockConfiguration",
    "head_object": "GetObject",
}
"""Operations of S3 whose permission has another name."""


def test_the_policy_of_amazon_allows_what_is_asked_and_no_more() -> None:
    policy = next(json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    for statement in policy["Statement"]:
        assert statement["Action"] == sorted(statement["Action"])
        assert f"| `{statement['Sid']}` |" in PAGE
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert all(re.fullmatch(r"[a-z0-9-]+:(Describe|Filter|Get|List|View)\w+", action) for action in actions)
    # One permission shows a budget with all that belongs to it, and nobody needs one to learn who he is.
    budgets = {"DescribeBudgets", "DescribeNotificationsForBudget", "DescribeSubscribersForNotification"}
    asked = re.findall(r'"((?:describe|filter|get|head|list)_[a-z_]+)"', _sources())
    operations = {S3.get(name) or _camel(name) for name in asked}
    assert operations - budgets - {"GetCallerIdentity"} == {action.partition(":")[2] for action in actions} - {
        "ViewBudget"
    }


def _sources() -> str:
    """Return the source of everything that asks Amazon."""
    probes = ROOT / "plugin" / "signoff" / "probes"
    texts = [path.read_text() for path in sorted(probes.rglob("*.py")) if path.name != "session.py"]
    return "".join(text for text in texts if "probes.aws.session" in text or "aws.items(" in text)


def _camel(name: str) -> str:
    """Return the operation as Amazon writes it."""
    words = "".join(word.capitalize() for word in name.split("_"))
    return words.replace("Db", "DB").replace("Aws", "AWS").replace("Acl", "ACL").replace("NetworkACLs", "NetworkAcls")


def test_the_cluster_role_reads_only() -> None:
    role: Any = next(yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}
    assert {(group, name) for rule in role["rules"] for group in rule["apiGroups"] for name in rule["resources"]} == {
        _resource(one.arguments[1]) for module in CLUSTER for one in of_module(module)
    }


def _resource(argument: str) -> tuple[str, str]:
    """Return group and name of what kubectl is asked for, such as `deployments.v1.apps`."""
    groups = {"networkpolicies": "networking.k8s.io"}
    name, _, rest = argument.partition(".")
    return (rest.partition(".")[2] or groups.get(name, ""), name)
