"""What a CI service says of one commit: every check and status at GitHub, every job of the newest pipeline at GitLab.

GitHub: https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference and
https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference;
GitLab: https://docs.gitlab.com/api/pipelines/ and https://docs.gitlab.com/api/jobs/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.importers._json import Node
from signoff.importers.runs.ci_record import FAILED, OPEN, PASSED, CiRun, Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from signoff.probes.web.http import Session

_PAGE = 100
_MAX_PAGES = 10
_OUTCOMES = {
    "success": PASSED,
    "neutral": PASSED,
    **dict.fromkeys(("failure", "error", "failed", "timed_out", "cancelled", "canceled", "action_required"), FAILED),
}
"""Words of both services; whatever is not here (queued, running, manual, skipped, stale …) proves nothing."""
_SERVER_ERROR = 500


def github(session: Session, api: str, project: str, commit: str) -> CiRun:
    """Return the checks and statuses of the commit.

    Raises:
        NotVerifiedError: no such project or commit, or nothing ran for it.
        AuthenticationError, UnreachableError, TimedOutError: the token is refused, or no answer.
    """
    base = f"{api}/repos/{project}/commits/{quote(commit, safe='')}"
    runs = _pages(session, f"{base}/check-runs", "check_runs")
    statuses = _pages(session, f"{base}/status", "statuses")
    if foreign := {run.at("head_sha").text(commit) for run in runs} - {commit}:
        raise NotVerifiedError(
            f"{base}: answers about {', '.join(sorted(foreign))}; name the whole commit in policy.yaml"
        )
    jobs = [Job(name=one.at("name").text(), outcome=_outcome(one.at("conclusion").text(""))) for one in runs]
    jobs += [Job(name=one.at("context").text(), outcome=_outcome(one.at("state").text())) for one in statuses]
    times = [one.at("completed_at") for one in runs] + [one.at("updated_at") for one in statuses]
    return _run(base, commit, jobs, times)


def gitlab(session: Session, api: str, project: str, commit: str) -> CiRun:
    """Return the jobs of the commit's newest pipeline; see `github` for errors."""
    base = f"{api}/projects/{quote(project, safe='')}"
    query = {"sha": commit, "order_by": "id", "sort": "desc", "per_page": "1"}
    pipelines = _get(session, f"{base}/pipelines", query).items()
    if not pipelines:
        raise NotVerifiedError(f"{base}: no pipeline for {commit[:12]}; let it run for the release's commit")
    jobs = _get(session, f"{base}/pipelines/{pipelines[0].at('id').count()}/jobs", {"per_page": str(_PAGE)}).items()
    if len(jobs) == _PAGE:
        raise NotVerifiedError(f"{base}: {_PAGE} jobs or more; name the required ones in a record")
    seen = [Job(name=one.at("name").text(), outcome=_outcome(one.at("status").text())) for one in jobs]
    return _run(base, commit, seen, [one.at("finished_at") for one in jobs])


def _run(where: str, commit: str, jobs: list[Job], times: Iterable[Node]) -> CiRun:
    if not jobs:
        raise NotVerifiedError(f"{where}: nothing ran for {commit[:12]}; let CI run for the release's commit")
    ended: list[datetime] = [one.instant() for one in times if one.value is not None]
    return CiRun(commit=commit, finished=max(ended, default=None), jobs=tuple(jobs))


def _outcome(word: str) -> str:
    return _OUTCOMES.get(word, OPEN)


def _pages(session: Session, url: str, key: str) -> list[Node]:
    found: list[Node] = []
    for page in range(1, _MAX_PAGES + 1):
        answer = _get(session, url, {"per_page": str(_PAGE), "page": str(page)})
        found += answer.at(key).items()
        if len(found) >= answer.at("total_count").count():
            return found
    raise NotVerifiedError(f"{url}: more than {_MAX_PAGES * _PAGE} entries; name the required ones in a record")


def _get(session: Session, url: str, query: Mapping[str, str]) -> Node:
    response = session.get(url, params=dict(query))
    if response.status_code in {401, 403}:
        raise AuthenticationError(
            f"{url}: status {response.status_code}; the token must be allowed to read this project"
        )
    if response.status_code >= _SERVER_ERROR:
        raise UnreachableError(f"{url}: status {response.status_code}")
    if not response.ok:
        raise NotVerifiedError(f"{url}: status {response.status_code}; correct project and commit in the inventory")
    return Node.parse(response.content, kind=url)
