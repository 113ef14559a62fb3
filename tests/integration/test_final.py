"""Final verification: documents are current."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="INT-FIN-3")
def test_document_is_current(paper, evaluated_at, evidence):
    from signoff.probes.repository.documents import age_in_days

    document, changed = paper.document, paper.changed
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


@pytest.mark.checklist(id="INT-FIN-3")
def test_document_has_owner_and_approver(paper, evidence):
    owner, approver, approvers = paper.settings.owner, paper.document.approver, paper.settings.approvers
    evidence(
        observed=f"owner {owner or 'unknown'}, approved by {approver or 'nobody'}, version {paper.document.version}",
        expected=f"an owner, and the approval of {' or '.join(approvers) or 'somebody'}",
        inspected=1,
    )
    assert approver, f"{paper.name}: names nobody as its approver"
    assert not approvers or any(approver.startswith(one) for one in approvers), (
        f"{paper.name}: approved by {approver}, not by {' or '.join(approvers)}"
    )
    if not owner:
        not_verified(f"{paper.name}: nobody keeps it current; write its owner in services.yaml")


@pytest.mark.checklist(id="INT-FIN-3")
def test_links_of_the_document_lead_somewhere(paper, links, evidence):
    dead, unknown = links["dead"], links["unknown"]
    evidence(
        observed=", ".join(f"{len(each)} {state}" for state, each in links.items()),
        expected="no dead link, and an answer of every one",
        inspected=1 + sum(map(len, links.values())),
    )
    assert not dead, f"{paper.name}: dead links: {', '.join(dead[:10])}"
    if unknown:
        not_verified(
            f"{paper.name}: no clear answer of {', '.join(unknown[:10])}; "
            "look yourself, then correct them or list them in links_unfollowed"
        )
