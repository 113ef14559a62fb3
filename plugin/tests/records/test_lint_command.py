"""`signoff lint`: places, exit status, and both languages."""

from __future__ import annotations

from typing import Any

import pytest

WAIVER = """schema_version: 1
waivers:
  - id: W-1
    item: INF-SRV-1
    fingerprints: ["0000000000000000"]
    reason: r
    risk: r
    compensating_control: c
    requested_by: Choi
    approver: Kim
    role: tech
    created: 2020-01-01T00:00:00Z
    expires: 2020-01-20
"""


@pytest.fixture
def waived(world: Any) -> Any:
    """Return a suite with an old waiver of something that never failed."""
    (world.inventory / "waivers.yaml").write_text(WAIVER)
    world.ran({"disk_is_free": "fail"})
    return world


def test_clean_records_exit_0(world: Any) -> None:
    world.ran()
    for options in ((), ("--strict",)):
        done = world.call("lint", *options)
        assert (done.exit_code, done.output.strip()) == (0, "✔ Nothing to mend.")


def test_finding_has_its_place_and_the_next_step(waived: Any) -> None:
    done = waived.call("lint")
    assert done.exit_code == 1
    assert (
        "inventories/demo/waivers.yaml:3: error: waiver W-1 of INF-SRV-1 does not count: it expired at" in done.output
    )
    assert "inventories/demo/waivers.yaml:3: warning: waiver W-1: INF-SRV-1 never failed so" in done.output
    assert "errors: 1, warnings: 1" in done.output
    korean = waived.call("lint", "--lang", "ko").output
    assert "오류: 면제 W-1(INF-SRV-1)는 무효" in korean


def test_warnings_fail_only_strictly(world: Any) -> None:
    world.ran({"disk_is_free": "fail"}, hours_ago=2)
    world.ran(hours_ago=1)
    assert world.call("lint").exit_code == 0
    assert world.call("lint", "--strict").exit_code == 1
    (found,) = world.json("lint")
    assert (found["kind"], found["level"]) == ("action-missing", "warning")
    assert set(found["text"]) == {"ko", "en"}


def test_files_with_mistakes_are_refused_before_that(world: Any) -> None:
    (world.inventory / "waivers.yaml").write_text(WAIVER.replace("item: INF-SRV-1", "item: INF-SRV-99"))
    done = world.call("lint")
    assert (done.exit_code, "unknown item 'INF-SRV-99'" in done.output) == (12, True)


def test_secret_too_short_to_be_masked_is_reported(world: Any) -> None:
    (world.inventory / "services.yaml").write_text(
        "schema_version: 1\nservices:\n  cache: {kind: redis, host: 127.0.0.1, purpose: cache, password: abc}\n"
    )
    world.ran()
    assert "shorter than 4 characters" in world.call("lint").output
    assert "abc" not in world.call("lint").output


def test_signed_statement_is_linted_too(world: Any) -> None:
    key = str(world.keys / "Han")
    world.call("attest", "INF-DR-1", "--passed", "--statement", "seen", "--for", "5d", "--key", key)
    kinds = {found["kind"]: found["place"] for found in world.json("lint")}
    assert set(kinds) == {"expires-soon", "no-evidence"}
    assert kinds["expires-soon"].startswith("ledger record ")


def test_statement_of_a_key_that_left_the_roster_is_named(world: Any) -> None:
    key = str(world.keys / "Han")
    world.call("attest", "INF-DR-1", "--passed", "--statement", "seen", "--for", "30d", "--key", key)
    policy = world.inventory / "policy.yaml"
    lines = [line for line in policy.read_text().splitlines(keepends=True) if "name: Han" not in line]
    policy.write_text("".join(lines).replace("roles: [operations]", "roles: [infra]"))
    done = world.call("lint")
    assert "counts for nothing: ledger record" in done.output
    assert "not on the roster: it counts for nothing" in world.call("verify").output
