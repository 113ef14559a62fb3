from __future__ import annotations

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers.locks.lock import read

LINUX = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.7",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "6",
    "platform_system": "Linux",
    "platform_version": "1",
    "python_full_version": "3.11.7",
    "python_version": "3.11",
    "sys_platform": "linux",
}

POETRY = """
[[package]]
name = "psutil"
version = "5.9.5"
optional = false
groups = ["main"]

[[package]]
name = "Colorama"
version = "0.4.6"
optional = false
groups = ["main", "dev"]
markers = {main = "sys_platform == 'win32'", dev = "python_version > '3'"}

[[package]]
name = "exceptiongroup"
version = "1.2.0"
optional = false
groups = ["main"]
markers = "python_version < '3.11'"

[[package]]
name = "pytest"
version = "9.0.0"
optional = false
groups = ["dev"]

[[package]]
name = "redis"
version = "5.2.0"
optional = true
groups = ["main"]
markers = "extra == 'cache'"

[[package]]
name = "valkey"
version = "6.0.0"
optional = true
groups = ["main"]

[extras]
cache = ["redis", "valkey (>=6)"]

[metadata]
lock-version = "2.1"
"""

UV = """
version = 1

[[package]]
name = "shop"
version = "1.0.0"
source = { editable = "." }
dependencies = [
    { name = "starlette" },
    { name = "colorama", marker = "sys_platform == 'win32'" },
    { name = "numpy", version = "1.26.4", source = { registry = "r" }, marker = "python_full_version < '3.12'" },
    { name = "numpy", version = "2.1.0", source = { registry = "r" }, marker = "python_full_version >= '3.12'" },
    { name = "uvicorn", extra = ["standard"] },
]

[package.optional-dependencies]
cache = [{ name = "redis" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[[package]]
name = "starlette"
version = "1.0.0"
source = { registry = "r" }
dependencies = [{ name = "anyio" }]

[[package]]
name = "anyio"
version = "4.0.0"
source = { registry = "r" }
dependencies = [{ name = "starlette" }]

[[package]]
name = "colorama"
version = "0.4.6"

[[package]]
name = "numpy"
version = "1.26.4"
resolution-markers = ["python_full_version < '3.12'"]

[[package]]
name = "numpy"
version = "2.1.0"
resolution-markers = ["python_full_version >= '3.12'"]

[[package]]
name = "uvicorn"
version = "0.30.0"

[package.optional-dependencies]
standard = [{ name = "httptools" }]

[[package]]
name = "httptools"
version = "0.6.0"

[[package]]
name = "redis"
version = "5.2.0"

[[package]]
name = "pytest"
version = "9.0.0"
"""

PYLOCK = """
lock-version = "1.0"
created-by = "pip"
extras = ["cache"]
dependency-groups = ["dev"]

[[packages]]
name = "psutil"
version = "5.9.5"
[[packages.wheels]]
url = "https://example.test/psutil-5.9.5-py3-none-any.whl"
hashes = {sha256 = "00"}

[[packages]]
name = "colorama"
version = "0.4.6"
marker = "sys_platform == 'win32'"
[[packages.wheels]]
url = "https://example.test/colorama-0.4.6-py3-none-any.whl"
hashes = {sha256 = "00"}

[[packages]]
name = "redis"
version = "5.2.0"
marker = "'cache' in extras"
[[packages.wheels]]
url = "https://example.test/redis-5.2.0-py3-none-any.whl"
hashes = {sha256 = "00"}

[[packages]]
name = "pytest"
version = "9.0.0"
marker = "'dev' in dependency_groups"
[[packages.wheels]]
url = "https://example.test/pytest-9.0.0-py3-none-any.whl"
hashes = {sha256 = "00"}

[[packages]]
name = "shop"
[packages.directory]
path = "."
"""

REQUIREMENTS = """
# compiled
--index-url https://example.test/simple
psutil==5.9.5 \\
    --hash=sha256:00 \\
    --hash=sha256:11
    # via shop
colorama==0.4.6 ; sys_platform == "win32" --hash=sha256:00
Typing_Extensions==4.12.0 --hash=sha256:22  # via shop
"""


def wanted(name: str, text: str, extras: tuple[str, ...] = ()) -> dict[str, str]:
    return {package.name: package.version for package in read(name, text.encode(), environment=LINUX, extras=extras)}


def test_poetry_wants_the_main_group_of_this_environment() -> None:
    assert wanted("poetry.lock", POETRY) == {"psutil": "5.9.5"}


def test_poetry_wants_the_packages_of_chosen_extras() -> None:
    assert wanted("app/poetry.lock", POETRY, ("cache",)).keys() == {"psutil", "redis", "valkey"}


def test_a_poetry_lock_of_version_1_tells_production_by_category() -> None:
    old = '[[package]]\nname = "a"\nversion = "1"\ncategory = "main"\n[[package]]\nname = "b"\nversion = "1"\n'

    assert wanted("poetry.lock", old + 'category = "dev"\n') == {"a": "1"}
    with pytest.raises(NotVerifiedError, match="b has no groups"):
        wanted("poetry.lock", old)


def test_uv_wants_what_the_project_leads_to() -> None:
    assert wanted("uv.lock", UV) == {
        "starlette": "1.0.0",
        "anyio": "4.0.0",
        "numpy": "1.26.4",
        "uvicorn": "0.30.0",
        "httptools": "0.6.0",
    }
    assert "redis" in wanted("uv.lock", UV, ("cache",))


def test_uv_forks_without_a_version_are_told_apart_by_their_markers() -> None:
    loose = UV.replace(
        ', version = "1.26.4", source = { registry = "r" }, marker = "python_full_version < \'3.12\'"', ""
    )

    assert wanted("uv.lock", loose)["numpy"] == "1.26.4"


def test_pylock_wants_the_default_groups_of_this_environment() -> None:
    assert wanted("pylock.toml", PYLOCK) == {"psutil": "5.9.5", "shop": ""}
    assert wanted("pylock.prod.toml", PYLOCK, ("cache",)).keys() == {"psutil", "shop", "redis"}


def test_requirements_are_read_over_continued_lines() -> None:
    assert wanted("requirements/production.txt", REQUIREMENTS) == {"psutil": "5.9.5", "typing-extensions": "4.12.0"}


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("poetry.lock", "", "no package in it"),
        ("poetry.lock", "[[package]]\nname = ", "not TOML"),
        ("poetry.lock", "package = 7", "no package in it"),
        ("poetry.lock", "[[package]]\nversion = '1'", "package 1 has no name"),
        ("poetry.lock", '[[package]]\nname = "a"\nversion = "1"\ngroups = ["dev"]', "wants no package"),
        (
            "poetry.lock",
            '[[package]]\nname = "a"\nversion = "1"\ngroups = ["main"]\nmarkers = "((("',
            "cannot be evaluated",
        ),
        ("uv.lock", '[[package]]\nname = "a"\nversion = "1"', "no package is the project itself"),
        (
            "uv.lock",
            '[[package]]\nname = "a"\nsource = { virtual = "." }\ndependencies = [{ name = "gone" }]',
            "0 packages for gone",
        ),
        ("pylock.toml", 'lock-version = "9.0"\ncreated-by = "x"\npackages = []', "lock the dependencies again"),
        ("pylock.toml", 'created-by = "x"', "lock the dependencies again"),
        ("requirements.txt", "", "wants no package"),
        ("requirements.txt", "psutil>=5 --hash=sha256:00", "line 1: psutil is not pinned"),
        ("requirements.txt", "psutil==5.*  --hash=sha256:00", "psutil is not pinned"),
        ("requirements.txt", "psutil==5.9.5", "psutil has no hash"),
        ("requirements.txt", "-r base.txt", "-r is not a pinned package"),
        ("requirements.txt", "-e .", "-e is not a pinned package"),
        ("requirements.txt", "./local", "line 1: not a requirement"),
        ("requirements.txt", "psutil==5.9.5 \\", "may be truncated"),
        ("Pipfile.lock", "{}", "unknown lock format"),
    ],
)
def test_what_is_no_complete_lock_cannot_be_judged(name: str, text: str, complaint: str) -> None:
    with pytest.raises(NotVerifiedError, match=complaint.replace("(", r"\(")):
        wanted(name, text)


def test_bytes_that_are_no_text_cannot_be_judged() -> None:
    with pytest.raises(NotVerifiedError, match="not TOML"):
        read("poetry.lock", b"\xff\xfe\x00", environment=LINUX)
