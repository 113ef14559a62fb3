"""Read one export with the libraries of its ecosystem; exit 0 if they take it. Runs in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

SARIF_FOLDER = "node_modules/@microsoft/sarif-multitool-linux"
NO_HOME_PAGE = "Warning_ProvideToolnformationUri"  # spelled so by the tool
"""The one advice that is not followed: the tool has no address of its own to name."""


def oscal_ar(path: Path, _node: Path) -> str:
    """Return what compliance-trestle found in assessment results."""
    from trestle.oscal.assessment_results import AssessmentResults  # noqa: PLC0415

    read = AssessmentResults.oscal_read(path)
    (result,) = read.results
    return f"{len(result.findings)} findings, {len(result.observations)} observations, by {trestle()}"


def oscal_poam(path: Path, _node: Path) -> str:
    """Return what compliance-trestle found in a plan of action."""
    from trestle.oscal.poam import PlanOfActionAndMilestones  # noqa: PLC0415

    read = PlanOfActionAndMilestones.oscal_read(path)
    return f"{len(read.poam_items)} items, {len(read.risks)} risks, by {trestle()}"


def trestle() -> str:
    """Return the reader's name and version."""
    return f"compliance-trestle {version('compliance-trestle')}"


def intoto(path: Path, _node: Path) -> str:
    """Return what the in-toto bindings found in a test result."""
    from google.protobuf import json_format  # noqa: PLC0415
    from in_toto_attestation.predicates.test_result.v0 import test_result_pb2  # noqa: PLC0415

    predicate = statement(path, "https://in-toto.io/attestation/test-result/v0.1")
    read = json_format.ParseDict(predicate, test_result_pb2.TestResult())
    if read.result not in {"PASSED", "WARNED", "FAILED"}:  # the bindings take any text
        raise ValueError(f"result {read.result!r}")
    told = f"{len(read.passed_tests)} passed, {len(read.warned_tests)} warned, {len(read.failed_tests)} failed"
    return f"{read.result}: {told}, by {bindings()}"


def svr(path: Path, _node: Path) -> str:
    """Return what is in a verification result: the statement by the bindings, the predicate by its specification."""
    predicate = statement(path, "https://in-toto.io/attestation/svr/v0.2")
    if sorted(predicate) != ["properties", "timeCreated", "verifier"]:
        raise ValueError(f"fields {sorted(predicate)}")
    if sorted(predicate["verifier"]) != ["id", "policies"]:
        raise ValueError(f"fields of the verifier {sorted(predicate['verifier'])}")
    return f"{len(predicate['properties'])} properties, statement by {bindings()}"


def statement(path: Path, kind: str) -> dict[str, Any]:
    """Return the predicate of a statement that the bindings take."""
    from google.protobuf import json_format  # noqa: PLC0415
    from in_toto_attestation.v1.statement import Statement  # noqa: PLC0415
    from in_toto_attestation.v1.statement_pb2 import Statement as Message  # noqa: PLC0415

    document = json.loads(path.read_text(encoding="utf-8"))
    Statement.copy_from_pb(json_format.ParseDict(document, Message())).validate()
    if document["predicateType"] != kind:
        raise ValueError(f"predicate type {document['predicateType']!r}")
    predicate: dict[str, Any] = document["predicate"]
    return predicate


def bindings() -> str:
    """Return the reader's name and version."""
    return f"in-toto-attestation {version('in-toto-attestation')}"


def sarif(path: Path, node: Path) -> str:
    """Return what the schema and the multitool, with its rules for code scanning, say of a log."""
    from jsonschema import Draft7Validator  # noqa: PLC0415

    folder = node / SARIF_FOLDER
    document = json.loads(path.read_text(encoding="utf-8"))
    schema = json.loads((folder / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    Draft7Validator(schema).validate(document)
    with tempfile.TemporaryDirectory() as scratch:
        copy, report = Path(scratch) / "export.sarif", Path(scratch) / "report.sarif"
        copy.write_bytes(path.read_bytes())
        program = folder / "Sarif.Multitool"
        program.chmod(0o755)
        command = [str(program), "validate", str(copy), "--output", str(report), "--rule-kind", "Sarif;Ghas"]
        environ = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
        subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL, timeout=120)  # noqa: S603
        (run,) = json.loads(report.read_text(encoding="utf-8-sig"))["runs"]
    found = [each for each in run["results"] if each["message"].get("id") != NO_HOME_PAGE]
    if found:
        raise ValueError(json.dumps(found, indent=1))
    return f"{len(document['runs'][0]['results'])} results, by the schema and {run['tool']['driver']['name']}"


READERS = {"oscal-ar": oscal_ar, "oscal-poam": oscal_poam, "intoto": intoto, "svr": svr, "sarif": sarif}


if __name__ == "__main__":
    print(READERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3])))
