"""Refuse a wheel that lacks part of the suite, or that carries what is private or generated."""

from __future__ import annotations

import sys
import zipfile
from pathlib import PurePosixPath

NEEDED = (
    "signoff/py.typed",
    "signoff/cli/suite_files/gitignore",
    "signoff/cli/suite_files/pyproject.toml",
    "signoff/demo/shop/repository/deploy/deploy.sh",
    "signoff/reports/templates/page.html.jinja",
    "signoff/store/postgresql/migrations/0001_evidence.sql",
    "signoff/suite/conftest.py",
    "signoff/suite/docs/schemas/services.schema.json",
    "signoff/suite/inventories/demo/hosts.yaml",
    "signoff/suite/inventories/production/.env.example",
    "signoff/suite/inventories/production/services.yaml",
    "signoff/suite/reports/README.md",
    "signoff/suite/tests/checklist.yaml",
    "signoff/suite/tests/infra/conftest.py",
    "signoff/transport/shell/far_side.sh",
)
FORBIDDEN_NAMES = frozenset({".demo", ".env", ".git", "__pycache__", "estate"})


def main(path: str) -> int:
    """Return 0 if the wheel holds what it must and nothing else."""
    names = zipfile.ZipFile(path).namelist()
    problems = [f"lacks {name}" for name in NEEDED if name not in names]
    for name in names:
        parts = PurePosixPath(name).parts
        if FORBIDDEN_NAMES & set(parts) or name.endswith((".pyc", ".pem", ".key", ".jsonl")):
            problems.append(f"carries {name}")
        if parts[:3] == ("signoff", "suite", "reports") and parts[3:] != ("README.md",):
            problems.append(f"carries {name}")
        if parts[0] == "signoff" and "tests" in parts and parts[1] != "suite":
            problems.append(f"carries {name}")
    print(f"{path}: {len(names)} files", *problems, sep="\n  ")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
