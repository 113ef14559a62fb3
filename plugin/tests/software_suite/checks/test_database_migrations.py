"""Databases are at the version of the release, and its migrations were tried and are the ones applied."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString

from signoff.probes.postgres import structure
from signoff.probes.postgres.database import connect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.software_suite.checks.conftest import World
    from tests.software_suite.conftest import Clone

UPS = {"migrations/0001_a.up.sql": "create table a ();", "migrations/0002_b.up.sql": "create table b ();"}
DOWNS = {"migrations/0001_a.down.sql": "drop table a;", "migrations/0002_b.down.sql": "drop table b;"}
MIGRATED: LiteralString = """
    CREATE TABLE schema_migrations (version text);
    INSERT INTO schema_migrations VALUES ('0001'), ('0002');
    GRANT SELECT ON schema_migrations TO reader;
"""


def source(world: World, clone: Clone, files: dict[str, str], name: str = "source") -> str:
    world.environment.commit = clone.commit(files)
    world.environment.services[name] = {"kind": "repository", "path": str(clone.path)}
    return world.environment.commit


def test_schema_versions(world: World, clone: Clone) -> None:
    files = {path.replace("migrations", "twice"): text for path, text in UPS.items()}
    source(world, clone, UPS | DOWNS | files | {"twice/0002_other.up.sql": "create table c ();"})
    kept: dict[str, Any] = {"migrations": {"repository": "source"}}
    world.database("final", MIGRATED, **kept)
    world.database("behind", MIGRATED + "DELETE FROM schema_migrations WHERE version = '0002'", **kept)
    world.database("ahead", MIGRATED + "INSERT INTO schema_migrations VALUES ('0003')", **kept)
    world.database(
        "half-done",
        "CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (2, true);"
        "GRANT SELECT ON schema_migrations TO reader",
        **kept,
    )
    world.database("closed", MIGRATED + "REVOKE ALL ON schema_migrations FROM reader", **kept)
    world.database("empty", **kept)
    constraint = "ALTER TABLE schema_migrations ADD CONSTRAINT long_enough CHECK (version > '')"
    world.database("sound", MIGRATED + constraint, **kept)
    world.database("doubtful", MIGRATED + f"{constraint} NOT VALID", **kept)
    world.named("twice", "final", migrations={"repository": "source", "path": "twice"})
    world.named("elsewhere", "final", migrations={"repository": "source", "path": "nowhere"})
    world.named("unnamed", "final")
    world.named("unknown", "no-such-database", **kept)
    world.named("stranger", "final", user="nobody-knows-me", **kept)

    seen = world.environment.run("tests/software/database", "-k", "schema or constraints")

    assert not seen.differences(
        "schema_is_at_its_final_version",
        {
            "final": "PASS",
            "sound": "PASS",
            "doubtful": "PASS",
            "behind": "FAIL: not applied: 2",
            "ahead": "FAIL: applied, but not in the release: 3",
            "half-done": "FAIL: failed: 2",
            "closed": "NOT_VERIFIED: GRANT SELECT ON schema_migrations TO reader",
            "empty": "NOT_VERIFIED: no table schema_migrations",
            "twice": "FAIL: two files for 2",
            "elsewhere": "NOT_VERIFIED: no plain migration in nowhere",
            "unnamed": "NOT_VERIFIED: no migrations named",
            "unknown": "ERROR: does not exist",
            "stranger": "ERROR: nobody-knows-me",
        },
    )
    doubts = seen.of("constraints_hold_for_all_rows")
    assert doubts["sound"] == "PASS"
    assert doubts["doubtful"] == "FAIL: doubtful: older rows may break schema_migrations.long_enough"
    assert doubts["final"].startswith("NOT_VERIFIED")  # no constraint at all: nothing was looked at


def test_migration_proofs(world: World, clone: Clone, tmp_path: Path) -> None:
    hollow = {path.replace("migrations", "hollow"): text for path, text in (UPS | DOWNS).items()}
    commit = source(world, clone, UPS | DOWNS | hollow | {"hollow/0002_b.down.sql": "-- nothing\n"})
    there_and_back = ("up 0001", "up 0002", "down 0002", "down 0001", "up 0001", "up 0002")

    def proof(name: str, *steps: str, failed: str = "", commit: str = commit, days: int = 1) -> None:
        finished = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        told = [
            {"action": action, "version": version, "seconds": 1, "ok": f"{action} {version}" != failed}
            for action, version in (step.split() for step in steps)
        ]
        record = {"schema_version": 1, "commit": commit, "finished": finished, "steps": told}
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
        path = "hollow" if name == "hollow" else "migrations"
        settings = {"repository": "source", "path": path, "proof": str(tmp_path / f"{name}.json")}
        world.named(name, "postgres", migrations=settings)

    proof("good", *there_and_back)
    proof("one-way", "up 0001", "up 0002")
    proof("broken", *there_and_back, failed="down 0001")
    proof("hollow", *there_and_back)
    proof("old", *there_and_back, days=31)
    proof("other", *there_and_back, commit="f" * 40)
    world.named("unproven", "postgres", migrations={"repository": "source"})
    world.named("unnamed", "postgres")

    seen = world.environment.run("tests/software/database", "-k", "proven")

    assert not seen.differences(
        "migrations_were_proven_both_ways",
        {
            "good": "PASS",
            "one-way": "FAIL: not tried up, down and up again: 1, 2",
            "broken": "FAIL: failed: down 1",
            "hollow": r"FAIL: no way back from hollow/0002_b\.up\.sql",
            "old": "NOT_VERIFIED: 31 days old, limit is 30",
            "other": "NOT_VERIFIED: is about commit ffffffffffff",
            "unproven": "NOT_VERIFIED: no proof named",
            "unnamed": "NOT_VERIFIED: no migrations named",
        },
    )


def test_migrations_as_applied_and_as_written(world: World, clone: Clone, tmp_path: Path) -> None:
    unsafe = {"unsafe/0001_a.up.sql": "ALTER TABLE a ALTER COLUMN b TYPE bigint;", "unsafe/0001_a.down.sql": "X;"}
    patient = "SET lock_timeout = '1s'; SET statement_timeout = '5s'; COMMENT ON TABLE a IS 'clean';"
    clean = {"clean/0001_a.up.sql": patient, "clean/0001_a.down.sql": "COMMENT ON TABLE a IS '';"}
    revision = "revision = 'r1'\ndown_revision = None\ndef upgrade(): op.x()\ndef downgrade(): op.y()\n"
    commit = source(world, clone, UPS | DOWNS | unsafe | clean | {"alembic/r1.py": revision})
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in UPS.values()]
    recorded = (
        "CREATE TABLE schema_migrations (version text, sha256 text); GRANT SELECT ON schema_migrations TO reader;"
        f"INSERT INTO schema_migrations VALUES ('0001', '{digests[0]}'), ('0002', '{digests[1]}')"
    )
    by_alembic = "CREATE TABLE alembic_version (version_num text); GRANT SELECT ON alembic_version TO reader;"
    by_alembic += "INSERT INTO alembic_version VALUES ('r1'); CREATE TABLE a (b int)"

    def proof(name: str, seconds: float = 1, **more: Any) -> str:
        steps = [{"action": action, "version": "1", "seconds": seconds, "ok": True} for action in ("up", "down", "up")]
        record = {"schema_version": 1, "commit": commit, "finished": datetime.now(UTC).isoformat(), "steps": steps}
        (tmp_path / f"{name}.json").write_text(json.dumps(record | more))
        return str(tmp_path / f"{name}.json")

    def kept(**more: Any) -> dict[str, Any]:
        return {"migrations": {"repository": "source", "path": "clean", **more}}

    world.database("same", recorded, **kept(path="migrations", proof=proof("quick")))
    with connect(world.server.address("same")) as opened:
        assert set(structure.digests(opened)) == {"schema_migrations"}
    world.database("edited", recorded, **kept(path="migrations", proof=proof("slow", seconds=3600)))
    with world.server.admin("edited") as admin:
        admin.execute("UPDATE schema_migrations SET sha256 = repeat('0', 64) WHERE version = '0002'")
    world.database("unrecorded", MIGRATED, **kept(path="unsafe", proof=proof("no-tables")))
    world.database("as-proven", by_alembic, **kept(path="alembic", tool="alembic"))
    with connect(world.server.address("as-proven")) as opened:
        tables = {"a": structure.digests(opened)["a"]}
    alembic = {"path": "alembic", "tool": "alembic", "lint": {"path": "unsafe", "accepted": ["changing-column-type"]}}
    world.named("as-proven", "as-proven", **kept(**alembic, proof=proof("tables", tables=tables)))
    world.named("drifted", "as-proven", **kept(**alembic, proof=proof("other", tables={"a": "0" * 64, "b": "1" * 64})))
    world.named("clean", "same", **kept(proof=proof("clean")))
    world.named("too-new", "same", **kept(path="clean", lint={"since": "9"}))

    seen = world.environment.run("tests/software/database", "-k", "applied_migrations or safe or quick")

    applied = seen.of("applied_migrations_are_those_of_the_release")
    assert applied["same"] == "PASS"
    assert applied["edited"] == "FAIL: edited: edited after they were applied: 2"
    assert applied["as-proven"] == "PASS"
    assert applied["drifted"] == "FAIL: drifted: not what the migrations make: a, b"
    assert applied["unrecorded"].startswith("NOT_VERIFIED: unrecorded: plain recorded no checksums")
    safe = seen.of("migrations_are_safe_to_apply")
    assert safe["clean"] == "PASS", safe
    assert "changing-column-type" in safe["unrecorded"]
    assert safe["unrecorded"].startswith("FAIL")
    assert safe["too-new"].startswith("NOT_VERIFIED: too-new: no script from version 9 on")
    quick = seen.of("migrations_are_quick_enough")
    assert (quick["same"], quick["too-new"][:12]) == ("PASS", "NOT_VERIFIED")
    assert quick["edited"] == "FAIL: edited: going up took 3600 s on the copy, limit is 1800 s"
