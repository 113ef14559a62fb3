"""`signoff schema`: keep the editors' JSON Schemas equal to the models that read the files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from signoff.config.schema import schemas


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("docs/schemas"),
    show_default=True,
    help="Folder of the schemas.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and name the files that are out of date.")
def schema(folder: Path, *, check: bool) -> None:
    """Write the JSON Schemas of the input files, which editors use to complete and to check them."""
    outdated = [folder / name for name, text in schemas().items() if _read(folder / name) != text]
    if check:
        for path in outdated:
            click.echo(f"{path} is out of date (run signoff schema)", err=True)
        sys.exit(1 if outdated else 0)
    folder.mkdir(parents=True, exist_ok=True)
    for path in outdated:
        path.write_text(schemas()[path.name], encoding="utf-8")
        click.echo(f"wrote {path}")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
