"""An environment's files together: all mistakes at once, references, records, and no secret in any error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.config.records import WaiverFile
from signoff.config.redaction import MASK, Redactor
from signoff.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.config.inventory import Inventory

POLICY = (
    "schema_version: 1\nproduct: P\nenvironment: demo\ntimezone: Asia/Seoul\n"
    "release: {version: 1.0.0, commit: abcdef1}\nroster:\n  - {name: Kim, roles: [tech]}\n"
)
SERVICE = "schema_version: 1\nservices:\n  cache: {kind: redis, host: h, purpose: cache"


def test_mistakes_of_all_files_are_raised_together(refused: Callable[..., list[str]]) -> None:
    """A person corrects them in one go."""
    problems = refused(
        {
            "hosts.yaml": "all: {hosts: {a: {signoff: {specs: {}}}}}\n",
            "services.yaml": SERVICE.replace("purpose", "purpos") + "}\n",
            "policy.yaml": POLICY.replace("Asia/Seoul", "Asia/Soul") + "max_age: {INF-SRV-1: 8d, INF-SRV-2: 1d}\n",
            "waivers.yaml": "schema_version: 1\nwaivers: [{}]\n",
            "attestations.yaml": "schema_version: 1\nattestation: []\n",
        }
    )
    files = [problem.partition(":")[0] for problem in problems]
    assert set(files) == {"hosts.yaml", "services.yaml", "policy.yaml", "waivers.yaml", "attestations.yaml"}
    assert files == sorted(files)


@pytest.mark.parametrize(
    ("addition", "says"),
    [
        ("not_applicable: [{item: INF-SRV-9, reason: x, approver: Kim}]", "unknown item 'INF-SRV-9' (did you mean"),
        ("not_applicable: [{item: INF-SRV-1, target: w, reason: x, approver: Kim}]", "unknown target 'w'"),
        ("not_applicable: [{item: INF-SRV-1, reason: x, approver: Kin}]", "'Kin' is not on the roster (did you mean"),
        ("not_applicable: [{item: INF-SRV-1, reason: '', approver: Kim}]", "at least 1 character"),
        ("max_age: {INF-SRV-1: 8d}", "is longer than the checklist's (a policy may only shorten it)"),
        ("max_age: {INF-SRV-2: 1d}", "unknown item 'INF-SRV-2'"),
        ("owasp: {attested: [A11]}", "unknown category 'A11'"),
        ("rollback: {error_ratio: 5}", "less than or equal to 1"),
        ("rollback: {windows: 5m}", "rollback.windows: unknown key (did you mean 'window'?)"),
        ("due_days: {urgent: 1}", "due_days"),
        ("approvals: {roles: [tech, tech]}", "approvals.roles.1: 'tech' stands twice"),
        ("approvals: {on_new_evidence: ignore}", "approvals.on_new_evidence"),
        ("separation_of_duties: {attesters: false}", "unknown key (did you mean 'attester'?)"),
    ],
)
def test_the_policy_is_held_against_the_rest(refused: Callable[..., list[str]], addition: str, says: str) -> None:
    """A rule about something that does not exist is a rule that nobody has."""
    problems = refused({"policy.yaml": f"{POLICY}{addition}\n"})
    assert len(problems) == 1
    assert says in problems[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Asia/Seoul", "Asia"),
        ("Asia/Seoul", "../x"),
        ("Asia/Seoul", "''"),
        ("environment: demo", "environment: ../demo"),
        ("environment: demo", "environment: a/b"),
        ("roles: [tech]}", "roles: [tech]}\n  - {name: Kim, roles: [qa]}"),
    ],
)
def test_a_policy_that_cannot_work_is_refused(refused: Callable[..., list[str]], old: str, new: str) -> None:
    """Zones that are folders, names that are no folder's, people who stand twice."""
    (problem,) = refused({"policy.yaml": POLICY.replace(old, new)})
    assert problem.startswith("policy.yaml:")


@pytest.mark.parametrize("kind", ["[redis]", "{}", "3", "null", "''"])
def test_a_kind_that_is_no_name_is_refused(refused: Callable[..., list[str]], kind: str) -> None:
    """Whatever stands there."""
    (problem,) = refused({"services.yaml": f"schema_version: 1\nservices:\n  x: {{kind: {kind}}}\n"})
    assert "services.x.kind" in problem


# --- references --------------------------------------------------------------------------------------------------


def _password(inventory: Inventory) -> str:
    settings_: Any = inventory.service("cache")
    return str(settings_.password.get_secret_value())


REFERENCE = {"services.yaml": SERVICE + ", password: '${PASSWORD}'}\n"}


def test_the_environment_comes_before_its_file(load: Callable[..., Inventory]) -> None:
    """A value given on the command line wins; the file is data, not a program."""
    files = {**REFERENCE, ".env": "PASSWORD='from ${file}'\n"}
    assert _password(load(files)) == "from ${file}"
    assert _password(load(files, {"PASSWORD": "from environ"})) == "from environ"


def test_another_file_can_be_named(load: Callable[..., Inventory], tmp_path: Path) -> None:
    """Instead of the policy's; one that is not there is a mistake, as is one that is no text."""
    other = tmp_path / "other.env"
    other.write_text("PASSWORD=from-other\n")
    files = {**REFERENCE, ".env": "PASSWORD=from-env\n"}
    assert _password(load(files, {"SIGNOFF_ENV_FILE": str(other)})) == "from-other"
    with pytest.raises(ConfigError, match="does not exist"):
        load(files, {"SIGNOFF_ENV_FILE": str(tmp_path / "none")})
    other.write_bytes(b"PASSWORD=\xff\n")
    with pytest.raises(ConfigError, match="readable UTF-8"):
        load(files, {"SIGNOFF_ENV_FILE": str(other)})


def test_a_reference_without_a_value_names_itself(refused: Callable[..., list[str]]) -> None:
    """With the place where it stands."""
    problems = refused(REFERENCE)
    assert problems[0].startswith("services.yaml:3:")
    assert "${PASSWORD} is not set (set PASSWORD in the environment or in .env)" in problems[0]


# --- records -----------------------------------------------------------------------------------------------------

WAIVER = """\
schema_version: 1
waivers:
  - id: W1
    item: INF-SRV-1
    fingerprints: ["0123456789abcdef"]
    reason: r
    risk: r
    compensating_control: c
    requested_by: Lee
    approver: Kim
    role: tech
    created: 2026-11-01T00:00:00Z
    expires: {expires}
"""


@pytest.mark.parametrize(
    ("expires", "instant"),
    [
        ("2026-11-22", datetime(2026, 11, 22, 15, tzinfo=UTC)),
        ("2026-11-22T18:00:00+09:00", datetime(2026, 11, 22, 9, tzinfo=UTC)),
        ("2026-11-22T09:00:00Z", datetime(2026, 11, 22, 9, tzinfo=UTC)),
    ],
)
def test_a_date_alone_ends_with_its_day_in_the_projects_zone(
    load: Callable[..., Inventory], expires: str, instant: datetime
) -> None:
    """Seoul's midnight is 15:00 UTC."""
    (waiver,) = load({"waivers.yaml": WAIVER.format(expires=expires)}).records.waivers
    assert waiver.expires == instant


@pytest.mark.parametrize("expires", ["2026-11-22T09:00:00", "soon", "9999-12-31", "2026", "20261122", "2026-02-30"])
def test_an_end_that_is_none_is_refused(refused: Callable[..., list[str]], expires: str) -> None:
    """A time without an offset is no instant, and for ever is no end."""
    (problem,) = refused({"waivers.yaml": WAIVER.format(expires=expires)})
    assert problem.startswith("waivers.yaml:13:5: waivers.0.expires: ")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("item: INF-SRV-1", "item: INF-SRV-2", "unknown item"),
        ("    reason", "    targets: [web-9]\n    reason", "unknown target 'web-9' (did you mean 'web-1'?)"),
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00", "has no offset"),
        ("2026-11-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "outside of the calendar"),
        ("fingerprints:", "fingerprint:", "unknown key (did you mean 'fingerprints'?)"),
    ],
)
def test_a_waiver_for_nothing_is_refused(refused: Callable[..., list[str]], old: str, new: str, says: str) -> None:
    """It would accept what does not exist."""
    problems = refused({"waivers.yaml": WAIVER.format(expires="2026-11-22").replace(old, new)})
    assert any(says in problem for problem in problems), problems
    assert set(WaiverFile.model_fields) >= {"fingerprints", "covers"}


# --- secrets -----------------------------------------------------------------------------------------------------

SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=8).filter(
    lambda text: text.strip() == text and not text.isdigit()
)


@given(
    secret=SECRETS, wrong=st.sampled_from(["port: x", "purpose: nothing", "hots: h", "tls: perhaps", "password: [1]"])
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_error_ever_shows_a_password(load: Callable[..., Inventory], secret: str, wrong: str) -> None:
    """Whatever else is wrong in the entry that holds it."""
    marked = f"zq{secret}qz"
    quoted = marked.replace("'", "''")
    key = wrong.partition(":")[0]
    entry = f"kind: redis, host: h, purpose: cache, password: '{quoted}', user: [], {wrong}"
    entry = ", ".join(part for part in entry.split(", ") if part == wrong or not part.startswith(f"{key}:"))
    files = {
        "services.yaml": f"schema_version: 1\nservices:\n  cache: {{{entry}}}\n",
        "hosts.yaml": f"all: {{hosts: {{a: {{ansible_password: '{quoted}', signoff: {{x: 1}}}}}}}}\n",
    }
    with pytest.raises(ConfigError) as caught:
        load(files)
    assert marked not in str(caught.value)


@given(secret=SECRETS)
@settings(max_examples=60, deadline=None)
def test_a_known_secret_is_masked_in_every_form(secret: str) -> None:
    """As it is, as repr, and inside of other text."""
    text = Redactor({secret})(f"a {secret} b {secret!r} c")
    assert secret not in text.replace(MASK, "")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgresql://u:hunter2@db/x", f"postgresql://u:{MASK}@db/x"),
        ("password=hunter22 next", f"password={MASK} next"),
        ('{"token": "abcd1234"}', f'{{"token": "{MASK}"}}'),
        ("Authorization: Bearer abcd.efgh", f"Authorization: Bearer {MASK}"),
        ("the token is long", "the token is long"),
        ("https://host:8443/path", "https://host:8443/path"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END", f"-----BEGIN PRIVATE KEY-----{MASK}-----END"),
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str, clean: str) -> None:
    """Also where it was never named as a secret."""
    assert Redactor(())(text) == clean


def test_passwords_of_hosts_and_services_are_known(load: Callable[..., Inventory]) -> None:
    """They are what every artifact is searched for."""
    inventory = load(
        {
            "hosts.yaml": (
                "all: {vars: {ansible_become_password: become-me},\n"
                "      hosts: {a: {ansible_password: log-in, db_token: '77777'}}}\n"
            ),
            "services.yaml": SERVICE + ", password: open-sesame}\n",
        }
    )
    assert inventory.secrets == {"become-me", "log-in", "77777", "open-sesame"}
    assert "open-sesame" not in repr(inventory)
    assert "log-in" not in repr(inventory)
