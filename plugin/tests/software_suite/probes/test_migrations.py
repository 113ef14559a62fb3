from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.postgres import migrations as postgres_migrations
from signoff.probes.postgres.database import connect
from signoff.probes.repository import migrations
from signoff.probes.repository.git import Repository

if TYPE_CHECKING:
    from signoff.probes.repository.applied import Applied
    from signoff.probes.repository.migrations import Migrations, Tool
    from tests.software_suite.conftest import Clone, Scratch

PLAIN = {
    "migrations/0001_products.up.sql": "CREATE TABLE products ();",
    "migrations/0001_products.down.sql": "DROP TABLE products;",
    "migrations/0002_orders.up.sql": "CREATE TABLE orders ();",
    "migrations/0002_orders.down.sql": "DROP TABLE orders;",
    "migrations/0010_note.up.sql": "COMMENT ON TABLE orders IS 'x';",
    "migrations/0010_note.down.sql": "-- nothing to do\nBEGIN;\nSELECT 1;\nCOMMIT;\n",
    "migrations/README.md": "how to",
}
ALEMBIC = '''
"""Step."""
from alembic import op
revision: str = "{revision}"
down_revision = {down}
def upgrade() -> None:
    op.execute("select 1")
def downgrade() -> None:
    {body}
'''


def read(clone: Clone, files: dict[str, str], tool: Tool = "plain") -> Migrations:
    return migrations.read(Repository(path=clone.path), clone.commit(files), "migrations", tool)


def step(revision: str, down: object, body: str = "op.drop_table('t')") -> str:
    return ALEMBIC.format(revision=revision, down=repr(down), body=body)


def test_plain_files_are_ordered_by_number_and_a_hollow_way_back_is_none(clone: Clone) -> None:
    found = read(clone, PLAIN)

    assert [migration.version for migration in found.migrations] == ["1", "2", "10"]
    assert found.heads == ("10",)
    assert found.irreversible == ("migrations/0010_note.up.sql",)
    assert found.duplicates == ()


def test_two_files_with_one_number_are_told(clone: Clone) -> None:
    found = read(clone, PLAIN | {"migrations/2_other.up.sql": "select 2"})

    assert found.duplicates == ("2",)


def test_flyway_files_are_ordered_by_their_parts(clone: Clone) -> None:
    found = read(
        clone,
        {
            "migrations/V1__init.sql": "create table t ();",
            "migrations/V1.10__ten.sql": "select 10;",
            "migrations/V1.9__nine.sql": "select 9;",
            "migrations/U1__init.sql": "drop table t;",
            "migrations/R__view.sql": "create view v as select 1;",
        },
        "flyway",
    )

    assert [migration.version for migration in found.migrations] == ["1", "1.9", "1.10"]
    assert found.irreversible == ("migrations/V1.9__nine.sql", "migrations/V1.10__ten.sql")


def test_alembic_heads_are_the_revisions_that_nothing_builds_on(clone: Clone) -> None:
    files = {
        "migrations/versions/a.py": step("a", None),
        "migrations/versions/b.py": step("b", "a"),
        "migrations/versions/c.py": step("c", "a", "pass"),
        "migrations/env.py": "import os\n",
    }
    assert read(clone, files, "alembic").heads == ("b", "c")

    merged = read(clone, files | {"migrations/versions/m.py": step("m", ("b", "c"), '"""None."""')}, "alembic")
    assert merged.heads == ("m",)
    assert merged.irreversible == ("migrations/versions/c.py", "migrations/versions/m.py")


def test_a_migration_that_is_not_python_cannot_be_judged(clone: Clone) -> None:
    with pytest.raises(NotVerifiedError, match=r"broken\.py: not Python"):
        read(clone, {"migrations/broken.py": "revision = ("}, "alembic")


def test_an_empty_directory_cannot_be_judged(clone: Clone) -> None:
    with pytest.raises(NotVerifiedError, match="no plain migration in migrations"):
        read(clone, {"migrations/README.md": ""})


def applied(database: Scratch, tool: Tool, table: str = "") -> Applied:
    with connect(database.address) as opened:
        return postgres_migrations.read(opened, tool, table)


def test_steps_that_the_database_has_not_seen_are_pending(clone: Clone, database: Scratch) -> None:
    database.execute("""
        CREATE TABLE schema_migrations (version text);
        INSERT INTO schema_migrations VALUES ('0001'), ('0003');
        GRANT SELECT ON schema_migrations TO reader;
    """)

    seen = applied(database, "plain")

    assert seen.pending(read(clone, PLAIN)) == ("2", "10")
    assert seen.unknown(read(clone, PLAIN)) == ("3",)
    assert seen.failed == ()


def test_a_table_with_one_row_holds_only_the_newest_step(clone: Clone, database: Scratch) -> None:
    database.execute("""
        CREATE TABLE schema_migrations (version bigint, dirty bool);
        INSERT INTO schema_migrations VALUES (10, false);
        GRANT SELECT ON schema_migrations TO reader;
    """)
    assert applied(database, "plain").pending(read(clone, PLAIN)) == ()

    database.execute("UPDATE schema_migrations SET dirty = true")
    assert applied(database, "plain").failed == ("10",)
    assert applied(database, "plain").pending(read(clone, PLAIN)) == ("10",)


def test_flyway_history_tells_failed_steps(database: Scratch) -> None:
    database.execute("""
        CREATE SCHEMA app;
        CREATE TABLE app.history (version text, success bool);
        INSERT INTO app.history VALUES ('1', true), ('1.9', false), (NULL, true);
        GRANT USAGE ON SCHEMA app TO reader; GRANT SELECT ON app.history TO reader;
    """)

    seen = applied(database, "flyway", "app.history")

    assert (seen.versions, seen.failed) == (frozenset({"1"}), ("1.9",))


def test_alembic_records_the_head(clone: Clone, database: Scratch) -> None:
    database.execute("""
        CREATE TABLE alembic_version (version_num varchar(32));
        INSERT INTO alembic_version VALUES ('0a1b');
        GRANT SELECT ON alembic_version TO reader;
    """)
    files = {"migrations/a.py": step("0a1b", None)}
    assert applied(database, "alembic").pending(read(clone, files, "alembic")) == ()

    newer = files | {"migrations/b.py": step("0c2d", "0a1b")}
    assert applied(database, "alembic").pending(read(clone, newer, "alembic")) == ("0c2d",)
    assert applied(database, "alembic").unknown(read(clone, newer, "alembic")) == ()


def test_a_missing_an_unreadable_and_an_empty_table_cannot_be_judged(database: Scratch) -> None:
    with pytest.raises(NotVerifiedError, match="no table schema_migrations"):
        applied(database, "plain")

    database.execute("CREATE TABLE schema_migrations (version text)")
    with pytest.raises(NotVerifiedError, match="GRANT SELECT ON schema_migrations TO reader"):
        applied(database, "plain")

    database.execute("GRANT SELECT ON schema_migrations TO reader")
    with pytest.raises(NotVerifiedError, match="schema_migrations is empty"):
        applied(database, "plain")


DJANGO = """
from django.db import migrations
class Migration(migrations.Migration):
    {replaces}
    dependencies = [{parents}, migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [migrations.{operation}]
"""


def django(*parents: str, operation: str = "AddField('order', 'x')", replaces: str = "") -> str:
    named = ", ".join(repr(tuple(parent.split("."))) for parent in parents) or "('auth', '0001_initial')"
    return DJANGO.format(parents=named, operation=operation, replaces=replaces)


def test_django_applications_have_heads_of_their_own_and_a_squashed_step_stands_for_others(clone: Clone) -> None:
    forward = "RunPython(fill)"
    both = "RunPython(fill, reverse_code=empty)"
    files = {
        "migrations/site/shop/migrations/__init__.py": "",
        "migrations/site/shop/migrations/0001_initial.py": django(),
        "migrations/site/shop/migrations/0002_total.py": django("shop.0001_initial", operation=both),
        "migrations/site/shop/migrations/0001_squashed.py": django(
            replaces="replaces = [('shop', '0001_initial'), ('shop', '0002_total')]"
        ),
        "migrations/site/shop/migrations/0003_fill.py": django("shop.0002_total", operation=forward),
        "migrations/site/mail/migrations/0001_initial.py": django("shop.0003_fill"),
    }
    found = read(clone, files, "django")
    assert found.forks == ()
    assert {one.version for one in found.migrations} == {"shop.0001_squashed", "shop.0003_fill", "mail.0001_initial"}
    assert found.irreversible == ("migrations/site/shop/migrations/0003_fill.py",)

    forked = read(clone, files | {"migrations/site/shop/migrations/0003_other.py": django("shop.0002_total")}, "django")
    assert forked.forks == ("shop.0003_fill", "shop.0003_other")


def test_django_records_every_application_and_older_steps_prove_the_squashed_one(
    clone: Clone, database: Scratch
) -> None:
    database.execute("""
        CREATE TABLE django_migrations (app text, name text);
        INSERT INTO django_migrations VALUES ('shop', '0001_initial'), ('shop', '0002_total'), ('auth', '0001_initial');
        GRANT SELECT ON django_migrations TO reader;
    """)
    squashed = django(replaces="replaces = [('shop', '0001_initial'), ('shop', '0002_total')]")
    files = {"migrations/shop/migrations/0001_squashed.py": squashed}

    seen = applied(database, "django")
    assert seen.pending(read(clone, files, "django")) == ()
    assert seen.unknown(read(clone, files, "django")) == ()

    newer = files | {"migrations/shop/migrations/0003_fill.py": django("shop.0002_total")}
    assert seen.pending(read(clone, newer, "django")) == ("shop.0003_fill",)
    database.execute("INSERT INTO django_migrations VALUES ('shop', '0009_by_hand')")
    assert applied(database, "django").unknown(read(clone, newer, "django")) == ("shop.0009_by_hand",)


def test_a_script_that_was_edited_after_it_was_applied_is_told(clone: Clone, database: Scratch) -> None:
    # Flyway's checksum: CRC-32 of the lines, without their ends.
    script = "create table t ();\r\n-- note\n"
    database.execute(f"""
        CREATE TABLE flyway_schema_history (version text, checksum int, success bool);
        INSERT INTO flyway_schema_history VALUES ('1', {flyway("create table t ();", "-- note")}, true);
        GRANT SELECT ON flyway_schema_history TO reader;
    """)
    assert applied(database, "flyway").changed(read(clone, {"migrations/V1__t.sql": script}, "flyway")) == ()
    assert applied(database, "flyway").changed(read(clone, {"migrations/V1__t.sql": "other"}, "flyway")) == ("1",)


def flyway(*lines: str) -> int:
    value = 0
    for line in lines:
        value = zlib.crc32(line.encode(), value)
    return value - 2**32 if value >= 2**31 else value


def test_a_table_of_another_tool_cannot_be_judged(database: Scratch) -> None:
    database.execute("CREATE TABLE schema_migrations (id int); GRANT SELECT ON schema_migrations TO reader")

    with pytest.raises(NotVerifiedError, match="no column version"):
        applied(database, "plain")
