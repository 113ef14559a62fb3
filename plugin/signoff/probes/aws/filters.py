"""AWS WAF and Shield: what stands before every public load balancer and distribution of an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.aws.session import AwsRefusalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signoff.probes.aws.session import AwsSession

_ABSENT = frozenset({"WAFNonexistentItemException", "ResourceNotFoundException"})


@dataclass(frozen=True, kw_only=True, slots=True)
class WebAcl:
    """One web ACL."""

    name: str
    blocking: tuple[str, ...]
    """Rules that refuse what they match."""
    counting: tuple[str, ...]
    """Rules, and parts of managed groups, that only count."""
    is_logged: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryPoint:
    """A load balancer that faces the internet, or a distribution of CloudFront."""

    name: str
    acl: WebAcl | None


def entry_points(session: AwsSession) -> tuple[EntryPoint, ...]:
    """Return every application load balancer that faces the internet, and every enabled distribution.

    Raises:
        NotVerifiedError: there is none, or these credentials may not ask.
        AuthenticationError, CouldNotCheckError: as of `AwsSession.ask`.
    """
    known: dict[str, WebAcl] = {}
    found = [*_load_balancers(session, known), *_distributions(session, known)]
    if not found:
        raise NotVerifiedError(
            f"{session.account}: no public load balancer or distribution; correct the account or its regions"
        )
    return tuple(found)


def protected_by_shield(session: AwsSession) -> frozenset[str]:
    """Return the ARNs that AWS Shield Advanced protects; none without a subscription.

    Raises:
        NotVerifiedError, AuthenticationError, CouldNotCheckError: as of `AwsSession.ask`.
    """
    try:
        session.ask("shield", "describe_subscription")
    except AwsRefusalError as error:
        if error.code in _ABSENT:
            return frozenset()
        raise
    return frozenset(one["ResourceArn"] for one in session.items("shield", "list_protections", "Protections"))


def _load_balancers(session: AwsSession, known: dict[str, WebAcl]) -> Iterator[EntryPoint]:
    for region in session.regions:
        for one in session.items("elbv2", "describe_load_balancers", "LoadBalancers", region=region):
            if one["Type"] == "application" and one["Scheme"] == "internet-facing":
                arn = _acl_of(session, one["LoadBalancerArn"], region)
                yield EntryPoint(name=one["LoadBalancerName"], acl=_acl(session, arn, region, known) if arn else None)


def _distributions(session: AwsSession, known: dict[str, WebAcl]) -> Iterator[EntryPoint]:
    listing = session.ask("cloudfront", "list_distributions")["DistributionList"]
    if listing.get("IsTruncated"):
        raise NotVerifiedError(f"{session.account}: more distributions than one page; split the account")
    for one in listing.get("Items") or ():
        if one["Enabled"]:
            arn = one.get("WebACLId") or ""
            yield EntryPoint(name=one["Id"], acl=_acl(session, arn, "", known) if arn else None)


def _acl_of(session: AwsSession, resource: str, region: str) -> str:
    try:
        answer = session.ask("wafv2", "get_web_acl_for_resource", region=region, ResourceArn=resource)
    except AwsRefusalError as error:
        if error.code in _ABSENT:
            return ""
        raise
    return str((answer.get("WebACL") or {}).get("ARN", ""))


def _acl(session: AwsSession, arn: str, region: str, known: dict[str, WebAcl]) -> WebAcl:
    if arn not in known:
        try:
            *_, name, acl_id = arn.split("/")
        except ValueError:
            raise NotVerifiedError(f"{arn}: an ACL of the classic WAF; move it to WAF version 2") from None
        scope = "REGIONAL" if region else "CLOUDFRONT"
        acl = session.ask("wafv2", "get_web_acl", region=region, Name=name, Scope=scope, Id=acl_id)["WebACL"]
        rules = acl.get("Rules") or ()
        known[arn] = WebAcl(
            name=name,
            blocking=tuple(rule["Name"] for rule in rules if _blocks(rule)),
            counting=tuple(part for rule in rules for part in _counts(rule)),
            is_logged=_is_logged(session, arn, region),
        )
    return known[arn]


def _blocks(rule: Mapping[str, Any]) -> bool:
    """Whether it refuses: by itself, or as a group whose own actions are left to work."""
    return not {"Block", "Captcha", "Challenge"}.isdisjoint(rule.get("Action") or {}) or (
        "None" in (rule.get("OverrideAction") or {})
    )


def _counts(rule: Mapping[str, Any]) -> Iterator[str]:
    if "Count" in (rule.get("Action") or {}) or "Count" in (rule.get("OverrideAction") or {}):
        yield rule["Name"]
    for statement in (rule.get("Statement") or {}).values():
        for one in statement.get("RuleActionOverrides") or () if isinstance(statement, dict) else ():
            if "Count" in one["ActionToUse"]:
                yield f"{rule['Name']}/{one['Name']}"
        for excluded in statement.get("ExcludedRules") or () if isinstance(statement, dict) else ():
            yield f"{rule['Name']}/{excluded['Name']}"


def _is_logged(session: AwsSession, arn: str, region: str) -> bool:
    try:
        answer = session.ask("wafv2", "get_logging_configuration", region=region, ResourceArn=arn)
    except AwsRefusalError as error:
        if error.code in _ABSENT:
            return False
        raise
    return bool(answer["LoggingConfiguration"].get("LogDestinationConfigs"))
