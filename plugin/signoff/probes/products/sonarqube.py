"""SonarQube's HTTP API: the quality gate of one analysis, the commit that was analysed, and hotspots to review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.web.http import Session

_PAGE = 100
_MOST = 10_000
"""SonarQube refuses pages beyond this many results."""
_SERVER_ERROR = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One condition of a quality gate that is not met."""

    metric: str
    actual: str
    limit: str

    def __str__(self) -> str:
        """Return `metric is actual, limit is …`."""
        return f"{self.metric} is {self.actual}, limit is {self.limit}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """The quality gate of the newest analysis."""

    status: str
    """`OK`, `ERROR`, or `NONE`: there is no gate, or nothing was analysed."""
    revision: str
    """Commit that was analysed; empty when the scanner did not know."""
    at: datetime
    conditions: int
    """How many conditions the gate has."""
    broken: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hotspot:
    """A place that a person must look at."""

    rule: str
    place: str
    probability: str

    def __str__(self) -> str:
        """Return `place rule (probability)`."""
        return f"{self.place} {self.rule} ({self.probability.lower()})"


class SonarQube:
    """One project on one server, read with a token.

    Raises (every method):
        AuthenticationError: the token is refused, or may not browse the project.
        UnreachableError, TimedOutError: no answer, or status 5xx.
        NotVerifiedError: no such project or branch, no analysis, or an answer that is none of SonarQube's.
    """

    def __init__(self, session: Session, url: str, project: str, *, token: str, branch: str = "") -> None:
        self._session = session
        self._api = f"{url.rstrip('/')}/api"
        self._project = project
        self._branch = {"branch": branch} if branch else {}
        # A token stands where a user's name would, with an empty password: every version understands that.
        self._login = (token, "")

    def gate(self) -> Gate:
        """Return the quality gate of the newest analysis, not of whatever was analysed since."""
        found = self._get("project_analyses/search", {"project": self._project, "ps": "1", **self._branch})
        analyses = _list(found, "analyses")
        if not analyses:
            raise NotVerifiedError(f"{self._api}: {self._project} was never analysed; run the scanner in the build")
        newest = analyses[0]
        answer = self._get("qualitygates/project_status", {"analysisId": _text(newest, "key")})
        status = answer.get("projectStatus")
        if not isinstance(status, dict):
            raise NotVerifiedError(f"{self._api}: no projectStatus in the answer; which version is this?")
        conditions = _list(status, "conditions") if "conditions" in status else []
        return Gate(
            status=_text(status, "status"),
            revision=str(newest.get("revision", "")),
            at=_instant(_text(newest, "date"), self._api),
            conditions=len(conditions),
            broken=tuple(_condition(one) for one in conditions if one.get("status") != "OK"),
        )

    def hotspots(self) -> tuple[Hotspot, ...]:
        """Return every security hotspot that nobody has reviewed, from all pages."""
        found: list[Hotspot] = []
        asked = {"projectKey": self._project, "status": "TO_REVIEW", "ps": str(_PAGE), **self._branch}
        for page in range(1, _MOST // _PAGE + 1):
            answer = self._get("hotspots/search", {**asked, "p": str(page)})
            here = [_hotspot(one) for one in _list(answer, "hotspots")]
            found.extend(here)
            paging = answer.get("paging")
            total = paging.get("total") if isinstance(paging, dict) else None
            if not isinstance(total, int):
                raise NotVerifiedError(f"{self._api}: hotspots without a total; which version is this?")
            if len(found) >= total:
                return tuple(found)
            if not here:
                raise NotVerifiedError(f"{self._api}: {total} hotspots announced, {len(found)} given; ask again")
        raise NotVerifiedError(f"{self._api}: more than {_MOST} hotspots to review")

    def _get(self, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        url = f"{self._api}/{path}"
        response = self._session.get(url, params=dict(params), auth=self._login)
        if response.status_code in {401, 403}:
            raise AuthenticationError(f"{url}: status {response.status_code}; the token needs Browse on the project")
        if response.status_code >= _SERVER_ERROR:
            raise UnreachableError(f"{url}: status {response.status_code}")
        if not response.ok:
            raise NotVerifiedError(f"{url}: status {response.status_code}; check project and branch")
        try:
            answer = response.json()
        except ValueError:
            raise NotVerifiedError(f"{url}: no JSON; check the URL in the inventory") from None
        if not isinstance(answer, dict):
            raise NotVerifiedError(f"{url}: no object in the answer; which version is this?")
        return answer


def _list(answer: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = answer.get(key)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise NotVerifiedError(f"SonarQube: no list of {key} in the answer; which version is this?")
    return found


def _text(entry: Mapping[str, Any], key: str) -> str:
    found = entry.get(key)
    if not isinstance(found, str):
        raise NotVerifiedError(f"SonarQube: no {key} in the answer; which version is this?")
    return found


def _instant(text: str, api: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotVerifiedError(f"{api}: {text[:40]!r} is no time; which version is this?") from error


def _condition(entry: Mapping[str, Any]) -> Condition:
    return Condition(
        metric=_text(entry, "metricKey"),
        actual=str(entry.get("actualValue", "unknown")),
        limit=str(entry.get("errorThreshold", "unknown")),
    )


def _hotspot(entry: Mapping[str, Any]) -> Hotspot:
    line = entry.get("line")
    component = _text(entry, "component").rpartition(":")[2]
    return Hotspot(
        rule=str(entry.get("ruleKey", entry.get("securityCategory", "?"))),
        place=f"{component}:{line}" if line else component,
        probability=str(entry.get("vulnerabilityProbability", "unknown")),
    )
