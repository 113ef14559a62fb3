"""`signoff demo`: start, stop and look at the embedded environment, and break and mend it on purpose."""

from __future__ import annotations

import locale
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from signoff.demo.layout import DemoError, load
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.demo.layout import Layout
    from signoff.model import Language

_TEXTS = {
    "clean-up": Text(ko="중단된 이전 실행을 정리합니다", en="cleaning up after an interrupted start"),
    "platform": Text(
        ko="데이터베이스, 캐시, 로드 밸런서, DNS, SSH 호스트를 시작합니다",
        en="starting database, cache, load balancer, DNS and SSH hosts",
    ),
    "release": Text(
        ko="릴리스를 배포하고 데이터베이스를 마이그레이션합니다",
        en="deploying the release and migrating the database",
    ),
    "backups": Text(
        ko="백업, 복원 시험, 페일오버·롤백 훈련을 실제로 합니다",
        en="backing up, testing the restore, rehearsing fail-over and roll-back",
    ),
    "readiness": Text(ko="모든 구성 요소의 응답을 기다립니다", en="waiting until everything answers"),
    "up": Text(ko="{dir}에서 실행 중입니다({seconds:.1f}초).", en="{dir} is up ({seconds:.1f} s)."),
    "already-up": Text(ko="{dir}에서 이미 실행 중입니다.", en="{dir} is up already."),
    "down": Text(ko="{dir}을(를) 중지하고 지웠습니다.", en="{dir} is stopped and removed."),
    "nothing": Text(ko="{dir}에는 실행 환경이 없습니다.", en="There is no environment in {dir}."),
    "missing": Text(
        ko="{name}이(가) 설치되어 있지 않습니다. `pip install 'pytest-signoff[demo]'`을 실행하세요.",
        en="{name} is not installed; run `pip install 'pytest-signoff[demo]'`.",
    ),
    "broken": Text(ko="{name}: 고장 냈습니다.", en="{name}: broken."),
    "mended": Text(ko="{name}: 고쳤습니다.", en="{name}: mended."),
}
_DIRECTORY = click.option(
    "--dir",
    "path",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".demo"),
    show_default=True,
    help="Directory of this copy; several copies run side by side.",
)


@click.group()
def demo() -> None:
    """Run a small real production environment on this machine: no root, loopback only."""


@demo.command()
@_DIRECTORY
def up(path: Path) -> None:
    """Start it; returns when everything answers."""
    started = time.monotonic()
    with friendly_demo():
        from signoff.demo import directory, environment  # noqa: PLC0415

        layout = directory.layout_of(path)
        if environment.is_up(layout):
            click.echo(_say("already-up", dir=layout.dir))
            return
        environment.up(path, lambda step: click.echo(f"  {_say(step)}"))
    click.echo(_say("up", dir=layout.dir, seconds=time.monotonic() - started))


@demo.command()
@_DIRECTORY
def down(path: Path) -> None:
    """Stop it and remove everything it made."""
    with friendly_demo():
        from signoff.demo import environment  # noqa: PLC0415

        existed = environment.down(path)
    click.echo(_say("down" if existed else "nothing", dir=path))


@demo.command()
@_DIRECTORY
def status(path: Path) -> None:
    """Show every component, whether it runs and where it answers."""
    with friendly_demo():
        from signoff.demo import environment  # noqa: PLC0415

        components = environment.status(path)
    width = max(len(component.name) for component in components)
    for component in components:
        click.echo(f"{component.name:{width}}  {component.state:8}  {component.address}")


@demo.command("faults")
@_DIRECTORY
def list_faults(path: Path) -> None:
    """List what can be broken, and mark what is broken now."""
    with friendly_demo():
        from signoff.demo import directory, faults  # noqa: PLC0415

        layout = directory.layout_of(path)
        broken = load(layout).faults if directory.is_ours(layout) else {}
    width = max(map(len, faults.CATALOGUE))
    for name, entry in faults.CATALOGUE.items():
        mark = "*" if name in broken else " "
        click.echo(f"{mark} {name:{width}}  {entry.title.get(_language())}  ({', '.join(entry.items)})")


@demo.command()
@click.argument("names", nargs=-1, required=True)
@_DIRECTORY
def fault(names: tuple[str, ...], path: Path) -> None:
    """Break something on purpose; NAMES as in `faults`, or `seed` for the five issues of the first check."""
    with friendly_demo():
        from signoff.demo import faults  # noqa: PLC0415

        layout = _running(path)
        for name in faults.SEED if names == ("seed",) else names:
            faults.inject(layout, name)
            click.echo(_say("broken", name=name))


@demo.command()
@click.argument("names", nargs=-1)
@_DIRECTORY
def heal(names: tuple[str, ...], path: Path) -> None:
    """Mend what was broken on purpose: NAMES, or everything."""
    with friendly_demo():
        from signoff.demo import env_file, faults  # noqa: PLC0415

        layout = _running(path)
        for name in names or tuple(reversed([*load(layout).faults])):
            faults.heal(layout, name)
            click.echo(_say("mended", name=name))
        # A failure voids what people stated before it; in the demo they look again as soon as things are mended.
        env_file.write(layout)


def _running(path: Path) -> Layout:
    from signoff.demo import directory, environment  # noqa: PLC0415

    layout = directory.layout_of(path)
    environment.env(path)  # says what to do if nothing runs
    return layout


@contextmanager
def friendly_demo() -> Iterator[None]:
    """Turn expected errors into messages. The environment is imported inside, because its packages are an extra."""
    try:
        yield
    except DemoError as error:
        raise click.ClickException(str(error)) from error
    except ModuleNotFoundError as error:
        raise click.ClickException(_say("missing", name=error.name)) from error


def _say(key: str, **values: object) -> str:
    return _TEXTS[key].get(_language()).format(**values)


def _language() -> Language:
    names = (os.environ.get("LC_ALL"), os.environ.get("LC_MESSAGES"), os.environ.get("LANG"), locale.getlocale()[0])
    chosen = next((name for name in names if name), "")
    return "ko" if chosen.lower().startswith("ko") else "en"
