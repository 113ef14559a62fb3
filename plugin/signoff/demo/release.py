"""The release: a real git repository, and its deployment to the application hosts."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import venv
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from signoff.demo import lockfile, migrations, postgres, seed, signing, supervision
from signoff.demo.layout import DemoError, change, write_atomically
from signoff.demo.shop import programs

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

TAG = "v1.0.0"
PREVIOUS_TAG = "v1.0.0-rc1"
BRANCH = "main"
TEMPLATE = Path(__file__).parent / "shop" / "repository"
_GIT_FILES = ("gitattributes", "gitignore")
"""Without their dot in the template, so that they are about the shop's repository and not about the one it lies in."""
_AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Shop release"), ("EMAIL", "release@example.test"))
}


def build_repository(layout: Layout) -> str:
    """Create the repository with the previous and the current release, remember the commit and return it.

    Raises:
        DemoError: git is not installed.
    """
    shutil.rmtree(layout.repo, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".mypy_cache", ".ruff_cache")
    shutil.copytree(TEMPLATE, layout.repo, ignore=ignored)
    for name in _GIT_FILES:
        (layout.repo / name).rename(layout.repo / f".{name}")
    _date_documents(layout.repo / "docs")
    lock = lockfile.render((layout.repo / "pyproject.toml").read_text(encoding="utf-8"))
    (layout.repo / "poetry.lock").write_text(lock, encoding="utf-8")
    signing.prepare(layout)
    git(layout, "init", "--quiet", f"--initial-branch={BRANCH}")
    package = layout.repo / "shop" / "__init__.py"
    final = package.read_text(encoding="utf-8")
    package.write_text(final.replace('"1.0.0"', '"1.0.0rc1"'), encoding="utf-8")
    _commit(layout, "Release candidate 1", PREVIOUS_TAG)
    package.write_text(final, encoding="utf-8")
    _commit(layout, "Release 1.0.0", TAG)
    commit = git(layout, "rev-parse", "HEAD").strip()
    write_manifest(layout, commit)
    change(layout, commit=commit)
    return commit


def deploy(layout: Layout, host: str, *, revision: str = TAG) -> None:
    """Put the revision into place on an application host, with the repository's own script.

    The first deployment also builds the host's virtual environment and writes its `.env`; later ones keep both.
    The running instance is not restarted.
    """
    if not programs.interpreter(layout, host).exists():
        build_venv(layout.host(host) / "srv" / "venv")
    run_script(layout, "deploy/deploy.sh", layout.host(host), str(layout.repo), revision)
    if not (programs.source(layout, host) / ".env").exists():
        programs.write_settings(layout, host, programs.settings(layout, host))


def migrate(layout: Layout) -> None:
    """Bring the database to the release's schema and fill it with customers, products and orders."""
    directory = layout.repo / "migrations"
    with psycopg.connect(postgres.url(layout, "shop_owner"), autocommit=True) as connection:
        migrations.up(connection, directory)
        seed.fill(connection, layout)
    with postgres.connect_admin(layout) as connection:
        connection.execute("ANALYZE")
        connection.execute("SELECT pg_stat_statements_reset()")


def build_venv(directory: Path) -> None:
    """Build the virtual environment that holds exactly what the lock file names."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(directory)
    lockfile.install(directory)


def run_script(layout: Layout, script: str, home: Path, *arguments: str) -> str:
    """Run one of the repository's scripts as it stands in the current release, as if logged in to the host.

    Raises:
        DemoError: it failed; says what it printed.
    """
    path = layout.run / script
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(git(layout, "show", f"{TAG}:{script}"), encoding="utf-8")
    environment = {**_git_environment(layout), "HOME": str(home)}
    done = subprocess.run(
        ["/bin/sh", str(path), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise DemoError(f"{script} failed on {home.name}: {done.stderr.strip()}")
    return done.stdout.strip()


def export(layout: Layout, revision: str, target: Path) -> None:
    """Unpack the files of a revision into an existing directory."""
    archive = target / "release.tar"
    git(layout, "archive", "--format=tar", f"--output={archive}", revision)
    with tarfile.open(archive) as files:
        files.extractall(target, filter="data")
    archive.unlink()


def git(layout: Layout, *arguments: str) -> str:
    """Run git in the repository and return what it printed.

    Raises:
        DemoError: git is not installed, or refused.
    """
    program = shutil.which("git")
    if program is None:
        raise DemoError("git is not installed; install it (for example `apt-get install git`) and run this again")
    done = subprocess.run(
        [program, *arguments],
        cwd=layout.repo,
        env=_git_environment(layout),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise DemoError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def _git_environment(layout: Layout) -> dict[str, str]:
    # The caller's own git configuration (hooks, signing, templates) has no say here.
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(layout.dir), "LC_ALL": "C"}
    path = {"PATH": os.environ.get("PATH", os.defpath)}
    return {**supervision.base_environment(layout), **path, **alone, **_AUTHOR}


def tag_release(
    layout: Layout, tag: str, message: str, *, revision: str = "HEAD", key: str = signing.RELEASE_KEY
) -> None:
    """Tag the revision, signed if this machine has ssh-keygen; a tag of that name is replaced."""
    signed = signing.options(layout, key)
    how = "--sign" if signed else "--annotate"
    git(layout, *signed, "tag", "--force", how, "--message", message, tag, f"{revision}^{{commit}}")


def write_manifest(layout: Layout, commit: str) -> None:
    """Write what was built of the release: the digest of the archive that deploy.sh puts into place."""
    archive = layout.run / "release.tar"
    archive.parent.mkdir(parents=True, exist_ok=True)
    git(layout, "archive", "--format=tar", f"--output={archive}", commit)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.unlink()
    manifest = {"schema_version": 1, "version": TAG, "commit": commit, "artifacts": {"release.tar": digest}}
    target = layout.dir / "evidence" / "release-manifest.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, json.dumps(manifest, indent=1) + "\n", mode=0o644)


def _commit(layout: Layout, message: str, tag: str) -> None:
    git(layout, "add", "--all")
    git(layout, "-c", "gc.auto=0", "commit", "--quiet", "--message", message)
    tag_release(layout, tag, message)


def _date_documents(directory: Path) -> None:
    today = datetime.now(UTC).date().isoformat()
    for document in sorted(directory.glob("*.md")):
        document.write_text(document.read_text(encoding="utf-8").replace("@DATE@", today), encoding="utf-8")
