from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given
from hypothesis import strategies as st

from estate import certificates, env_file, faults, image, matrix, mirrors
from estate.companions import COMPANIONS
from estate.estate import Estate
from estate.faults.model import Fault
from estate.groups import concerned, together
from estate.layout import EstateError, Layout, State, change, load, save
from estate.roles import ROLES
from estate.roles.model import Role
from estate.topology import ADDRESSES, CONTROLLER_ADDRESS, GATEWAY, NETWORK, OUTSIDE_ADDRESS, PLACES
from signoff.config.checklist import load_checklist
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[3]
ITEMS = ("INF-A-1", "INF-A-2", "INF-B-1", "SEC-C-1", "SEC-C-2")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path, tmp_path / "images")
    made.dir.mkdir()
    return made


def fault(name: str, items: Sequence[str], *, blinds: Sequence[str] = (), alone: bool = False) -> Fault:
    return Fault(
        name=name,
        title=Text(ko="고장", en="broken"),
        items=tuple(items),
        blinds=tuple(blinds),
        alone=alone,
        break_=lambda _: None,
        mend=lambda _, __: None,
    )


def test_every_host_has_an_address_of_its_own_and_known_roles() -> None:
    addresses = [*ADDRESSES.values(), GATEWAY, CONTROLLER_ADDRESS, OUTSIDE_ADDRESS]
    assert len(set(addresses)) == len(addresses)
    assert all(ipaddress.ip_address(one) in ipaddress.ip_network(NETWORK) for one in addresses)
    assert {role for place in PLACES for role in place.roles} == set(ROLES)


def test_every_fault_names_items_that_have_checks_and_speaks_both_languages() -> None:
    checked = {item.id for item in load_checklist(ROOT / "tests/checklist.yaml").items if item.checks}
    for name, one in faults.CATALOGUE.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert one.items or one.blinds, name
        assert {*one.items, *one.blinds} <= checked, name
        assert set(one.items).isdisjoint(one.blinds), name
        assert re.search("[가-힣]", one.title.ko), name
        assert not re.search("[가-힣]", one.title.en), name


def test_no_two_faults_have_one_name() -> None:
    areas = faults._AREAS
    assert len(faults.CATALOGUE) == sum(len(area.FAULTS) for area in areas)


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3, unique=True),
            st.lists(st.sampled_from(ITEMS), max_size=1),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_faults_broken_together_concern_different_items(drawn: list[tuple[list[str], list[str], bool]]) -> None:
    every = [fault(f"f{n}", items, blinds=blinds, alone=alone) for n, (items, blinds, alone) in enumerate(drawn)]
    groups = together(every)
    assert sorted(one.name for group in groups for one in group) == sorted(one.name for one in every)
    for group in groups:
        assert sum(len(concerned([one])) for one in group) == len(concerned(group))
        assert len(group) == 1 or not any(one.alone for one in group)


def test_faults_that_blind_are_broken_last() -> None:
    [group] = together([fault("host-away", ["INF-A-1"], blinds=["INF-A-2"]), fault("small", ["SEC-C-1"])])
    assert [one.name for one in group] == ["small", "host-away"]


def row(expected: Sequence[str], red: Sequence[str], *, lasting: Sequence[str] = ()) -> matrix.Row:
    return matrix.Row(
        faults=(fault("f", expected),),
        red=frozenset(red),
        unknown=frozenset(),
        lasting=frozenset(lasting),
        seconds=0.0,
    )


def test_precision_and_recall_count_pairs_of_fault_and_item() -> None:
    total = matrix.score([row(["A", "B"], ["A"]), row(["A"], ["A", "C"]), row(["C"], ["C"])])
    assert (total.right, total.wrong, total.missed) == (3, 1, 1)
    assert (total.precision, total.recall) == (0.75, 0.75)


def test_a_row_is_exact_only_if_all_is_well_afterwards() -> None:
    assert row(["A"], ["A"]).exact
    assert not row(["A"], ["A"], lasting=["A"]).exact
    assert not row(["A"], []).exact


def test_without_red_items_precision_is_no_success() -> None:
    assert matrix.score([row(["A"], [])]) == matrix.Score(right=0, wrong=0, missed=1)
    assert matrix.score([row(["A"], [])]).precision == 0.0


ROLE = Role(name="web", packages=("nginx",), recipe="true")


@pytest.mark.parametrize("changed", [{"packages": ("nginx", "curl")}, {"recipe": "false"}, {"name": "edge"}])
def test_the_image_is_another_with_other_packages_or_recipes(changed: dict[str, object]) -> None:
    assert image.digest_of([ROLE]) != image.digest_of([dataclasses.replace(ROLE, **changed)])  # type: ignore[arg-type]


def test_the_image_stays_when_only_configuration_changes() -> None:
    other = dataclasses.replace(ROLE, configure=lambda _host, _estate: None)
    assert image.digest_of([ROLE]) == image.digest_of([other])


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Replace the installation itself; return the roots that were built."""
    built: list[Path] = []

    def install(root: Path, _packages: list[str]) -> None:
        time.sleep(0.05)
        root.mkdir()
        built.append(root)

    monkeypatch.setattr(image, "_install", install)
    monkeypatch.setattr(image, "_run_inside", lambda *_: None)
    return built


def test_of_two_builders_one_builds_and_both_get_the_image(layout: Layout, builds: list[Path]) -> None:
    start = threading.Barrier(2)

    def build() -> Path:
        start.wait()
        return image.ensure(layout, [ROLE]).root

    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(build) for _ in range(2))
        assert first.result() == second.result()
    assert first.result().is_dir()
    assert len(builds) == 1


def test_an_interrupted_build_is_never_taken_for_an_image(layout: Layout, builds: list[Path]) -> None:
    unfinished = layout.images / f"{image.digest_of([ROLE])}.unfinished"
    (unfinished / "root").mkdir(parents=True)
    assert image.ensure(layout, [ROLE]).root.is_dir()
    assert len(builds) == 1
    assert not unfinished.exists()


def test_an_image_with_old_package_lists_is_built_anew_or_taken_if_that_fails(
    layout: Layout, builds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = image.ensure(layout, [ROLE])
    stamp = made.root.parent / "built.json"
    old = {"built": time.time() - image.MAX_AGE_HOURS * 3600 - 1, "seconds": 1.0}
    stamp.write_text(json.dumps(old))
    assert image.ensure(layout, [ROLE]).built > old["built"]
    assert len(builds) == 2

    def no_network(*_: object) -> None:
        raise EstateError("no network")

    stamp.write_text(json.dumps(old))
    monkeypatch.setattr(image, "_install", no_network)
    told: list[str] = []
    assert image.ensure(layout, [ROLE], told.append).built == old["built"]
    assert any("no network" in line for line in told)


def test_a_failed_build_leaves_no_image(layout: Layout) -> None:
    impossible = dataclasses.replace(ROLE, packages=("no such package",))
    with pytest.raises(EstateError, match="cannot be built"):
        image._run(["false"], "", "mmdebstrap")
    assert image._read(layout, image.digest_of([impossible])) is None


def test_certificates_chain_to_the_authority(tmp_path: Path) -> None:
    certificates.prepare(tmp_path)
    issued = certificates.issue(tmp_path, ["shop.estate.test", "10.77.0.10"])
    root = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    leaf, intermediate = x509.load_pem_x509_certificates(issued.chain)
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("shop.estate.test"))
    assert verifier.verify(leaf, [intermediate])[0] == leaf


@pytest.mark.parametrize("days", [-1, -400])
def test_negative_days_give_an_expired_certificate(tmp_path: Path, days: int) -> None:
    certificates.prepare(tmp_path)
    issued = certificates.issue(tmp_path, ["shop.estate.test"], days=days)
    root = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    leaf, intermediate = x509.load_pem_x509_certificates(issued.chain)
    assert leaf.not_valid_after_utc < datetime.now(UTC)
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("shop.estate.test"))
    with pytest.raises(VerificationError):
        verifier.verify(leaf, [intermediate])


def test_the_state_survives_and_another_version_is_refused(layout: Layout) -> None:
    save(layout, State(image="abc"))
    change(layout, lambda state: dataclasses.replace(state, faults={"cable-pulled": ["app1", 2]}, unfinished=("x",)))
    assert load(layout) == State(image="abc", faults={"cable-pulled": ["app1", 2]}, unfinished=("x",))
    layout.state_file.write_text(layout.state_file.read_text().replace('"schema_version": 1', '"schema_version": 2'))
    with pytest.raises(EstateError, match="another version"):
        load(layout)


@pytest.fixture
def breakable(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Estate]:
    """Return a function that makes an estate whose only faults are the given ones."""

    def make(**changes: Any) -> Estate:
        one = dataclasses.replace(fault("cable-pulled", ["INF-A-1"]), **changes)
        monkeypatch.setattr(faults, "CATALOGUE", {one.name: one})
        monkeypatch.setattr(faults, "_LANES", ((SimpleNamespace(FAULTS=(one,)),),))
        save(layout, State(image="abc"))
        return Estate(layout)

    return make


def test_a_fault_is_made_once_and_mended_with_what_it_remembered(breakable: Callable[..., Estate]) -> None:
    done: list[object] = []

    def pull(_: Estate) -> dict[str, int]:
        done.append("broken")
        return {"port": 3}

    estate = breakable(break_=pull, mend=lambda _, memory: done.append(memory))
    faults.inject_all(estate, ["cable-pulled", "cable-pulled"])
    assert load(estate.layout).faults == {"cable-pulled": {"port": 3}}
    assert faults.heal_all(estate) == ("cable-pulled",)
    assert faults.heal_all(estate) == ()
    assert done == ["broken", {"port": 3}]


def test_a_fault_that_was_interrupted_is_never_taken_for_mended(breakable: Callable[..., Estate]) -> None:
    def interrupted(_: Estate) -> None:
        raise KeyboardInterrupt

    estate = breakable(break_=interrupted)
    with pytest.raises(KeyboardInterrupt):
        faults.inject(estate, "cable-pulled")
    with pytest.raises(EstateError, match="cable-pulled: interrupted"):
        faults.heal_all(estate)


def test_a_fault_that_cannot_be_made_says_its_name(breakable: Callable[..., Estate]) -> None:
    def impossible(_: Estate) -> None:
        raise EstateError("no such cable")

    with pytest.raises(EstateError, match="cable-pulled: no such cable"):
        faults.inject_all(breakable(break_=impossible), ["cable-pulled"])
    with pytest.raises(EstateError, match="gremlin"):
        faults.inject_all(breakable(), ["gremlin"])


def test_without_an_estate_the_message_says_what_to_do(layout: Layout) -> None:
    with pytest.raises(EstateError, match="python -m estate up"):
        load(layout)


def test_secrets_stay_the_same_for_the_life_of_an_estate(layout: Layout) -> None:
    first = Estate(layout).secret("redis")
    assert Estate(layout).secret("redis") == first
    assert Estate(layout).secret("postgres") != first
    assert layout.secrets_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "exported", [{"SHOP_PASSWORD": "x"}, {"ESTATE_DIR": "x"}, {"ESTATE_X": "a'b"}, {"ESTATE_X": "a\nb"}]
)
def test_settings_that_are_misnamed_taken_or_not_plain_are_refused(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, exported: dict[str, str]
) -> None:
    monkeypatch.setattr(env_file, "ROLES", {"web": dataclasses.replace(ROLE, exports=lambda _: exported)})
    monkeypatch.setattr(env_file, "COMPANIONS", ())
    with pytest.raises(EstateError, match="web exports"):
        env_file.values(Estate(layout))


def test_companions_have_names_of_their_own() -> None:
    names = [one.name for one in COMPANIONS]
    assert len(set(names)) == len(names)


def test_the_pages_tell_about_every_host_and_fault() -> None:
    page = (ROOT / "docs/estate.md").read_text()
    assert [place.name for place in PLACES if f"| {place.name} |" not in page] == []
    told = re.findall(r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs/fault-matrix.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(faults.CATALOGUE)


def test_archives_are_those_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://old bookworm main\ndeb [a=b] http://one/x bookworm main other\n"
    )
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "others.list").write_text("deb http://vendor stable main\ndeb http://two bookworm-updates contrib\n")
    (folder / "debian.sources").write_text(
        "Types: deb\nURIs: http://three\nSuites: bookworm bookworm-updates\nComponents: main\n\n"
        "Types: deb\nEnabled: no\nURIs: http://four\nSuites: bookworm-security\nComponents: main\n"
    )
    found = mirrors.sources(["bookworm", "bookworm-updates"], tmp_path)
    assert found == ("deb http://one/x bookworm main", "deb http://three bookworm-updates main")
    with pytest.raises(EstateError, match="knows no archive of bookworm-security"):
        mirrors.sources(["bookworm-security"], tmp_path)
