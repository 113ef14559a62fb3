"""Final verification: documents are current."""

import pytest


@pytest.mark.checklist(id="INT-FIN-3")
def test_document_is_current(paper, evaluated_at, evidence):
    from signoff.probes.repository.documents import age_in_days

    document, changed = paper.document, paper.described_changed
    age, limit = age_in_days(document, evaluated_at), paper.settings.max_age.days
    evidence(
        observed=f"dated {document.dated}; what it describes changed {changed.date() if changed else 'never'}",
        expected=f"at most {limit} days old, and not older than what it describes",
        inspected=1,
    )
    assert age <= limit, f"{paper.name}: {age} days old, limit is {limit}"
    assert not changed or document.dated >= changed.date(), f"{paper.name}: older than the last change of its subject"
    missing = document.lacks(paper.settings.headings)
    assert not missing, f"{paper.name}: without a heading for {', '.join(missing)}"
