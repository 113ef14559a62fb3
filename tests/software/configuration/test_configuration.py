"""Configuration: files that their own programs accept, and that only the right people write."""

import pytest


@pytest.mark.checklist(id="SW-DEP-2")
def test_configuration_files_are_valid(config_files, evidence):
    evidence(
        observed=", ".join(f"{one.where} mode {one.file.mode:o} {one.file.complaint or 'ok'}" for one in config_files),
        expected="accepted by the program that reads them, and writable for nobody else",
        inspected=len(config_files),
    )
    for one in config_files:
        assert one.file.exists, f"{one.where} is missing"
        assert not one.file.complaint, f"{one.where}: {one.wanted.validator} refuses it: {one.file.complaint}"
        wide = one.file.wider_than(int(one.wanted.mode, 8))
        assert not wide, f"{one.where} has mode {one.file.mode:o}, limit is {one.wanted.mode}"
        right = one.wanted.owner in {"", one.file.owner}
        assert right, f"{one.where} belongs to {one.file.owner}, not to {one.wanted.owner}"
