"""Amazon Web Services, for reading alone: one account, the inventory's regions, no operation that changes anything.

Every request passes the guard of this module before it is signed, and is bounded in time, attempts and pages.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from signoff.errors import (
    AuthenticationError,
    CouldNotCheckError,
    GuardError,
    NotVerifiedError,
    TimedOutError,
    UnreachableError,
)
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_READING = re.compile(r"(?:(?:Describe|Get|List|Lookup|Head|BatchGet)[A-Z]\w*|FilterLogEvents)\Z")
_HANDS_OUT_SECRETS = re.compile(
    r"(?:BatchGet|Get)(?:Secret|Parameter|AuthorizationToken|SessionToken|FederationToken|PasswordData|Credentials"
    r"|OpenIdToken|LoginProfile|LoginToken|RoleCredentials|ClusterCredentials|Object(?!Lock|Tagging|Acl)|Random|DataKey)"
)
"""Operations that read, and whose answer is a secret or somebody's data."""
_SPANS_REGIONS = frozenset({"budgets", "ce", "cloudfront", "globalaccelerator", "iam", "route53", "shield", "sts"})
"""Services with one home for the whole account; asking them leaves no region of the inventory."""
_HAS_A_GLOBAL_SIDE = frozenset({"acm", "cloudwatch", "wafv2"})
"""Services of regions that answer in the home region for what stands before all of them, such as CloudFront."""
_HOMES: Mapping[str, str] = {"globalaccelerator": "us-west-2"}
_HOME = "us-east-1"
_DENIED = re.compile(r"AccessDenied|Unauthorized(?:Operation)?\Z|AuthorizationError|NotAuthorized|OptInRequired")
_UNKNOWN_US = re.compile(
    r"(?:Expired|Invalid(?:ClientTokenId|Security|AccessKeyId)|SignatureDoesNotMatch|AuthFailure|UnrecognizedClient"
    r"|IncompleteSignature|MissingAuthenticationToken)"
)
_KEY_ID = re.compile(r"\b(A[KS]IA)[A-Z0-9]{12,}\b")
_CONNECT_SECONDS = 5
_READ_SECONDS = 20
_ATTEMPTS = 3
_MAX_PAGES = 200
_MORE = ("NextToken", "nextToken", "NextPageToken", "NextMarker")
_INSTALL = "python -m pip install 'pytest-signoff[aws]'"


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsAccess:
    """Which account is asked, where, and as whom. Without key or profile, boto3's own chain finds the identity."""

    account: str
    """Twelve digits; credentials of another account are refused."""
    regions: tuple[str, ...]
    profile: str = ""
    key_id: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    endpoint: str = ""
    """Instead of Amazon's own addresses: a gateway of the company, or a stand-in."""


class AwsSession:
    """A way to ask the account; made by `open_aws`. Not for several threads at once."""

    def __init__(self, access: AwsAccess, boto: Any = None) -> None:
        try:
            import boto3  # noqa: PLC0415 - an extra: only those who have such an account need it
            from botocore.config import Config  # noqa: PLC0415
            from botocore.session import get_session  # noqa: PLC0415
        except ImportError as error:
            raise NotVerifiedError(f"boto3 is not installed where the checks run; {_INSTALL}") from error
        self._access = access
        self._clients: dict[tuple[str, str], Any] = {}
        self._config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            ignore_configured_endpoint_urls=True,  # AWS_ENDPOINT_URL could lead anywhere
            user_agent_extra="pytest-signoff",
        )
        with _told_as_ours("session"):
            core = get_session()
            core.register_component("data_loader", _loader())
            self._boto = boto or boto3.Session(
                botocore_session=core,
                aws_access_key_id=access.key_id or None,
                aws_secret_access_key=access.key or None,
                aws_session_token=access.token or None,
                profile_name=access.profile or None,
            )

    @property
    def account(self) -> str:
        """The account's number."""
        return self._access.account

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that may be asked."""
        return self._access.regions

    def ask(self, service: str, operation: str, *, region: str = "", **parameters: Any) -> dict[str, Any]:
        """Return the answer to one request.

        Args:
            service: As boto3 names it, such as `elbv2`.
            operation: As boto3 names it, such as `describe_load_balancers`.
            region: One of the inventory's regions; none for services that span them, such as `budgets`, or for the
                side of WAF that stands before CloudFront.
            parameters: The operation's own.

        Raises:
            GuardError: the operation may change something or hand out a secret, or the region is not ours.
            NotVerifiedError: these credentials may not ask this; the message names what to grant.
            AuthenticationError: Amazon does not know these credentials, or they have expired.
            UnreachableError, TimedOutError, CouldNotCheckError: no answer, or an error of Amazon's.
        """
        client = self._client(service, region)
        with _told_as_ours(f"{service}:{operation}", region):
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
        return answer

    def items(self, service: str, operation: str, key: str, *, region: str = "", **parameters: Any) -> list[Any]:
        """Return all elements under `key` of all pages; errors as of `ask`.

        Raises:
            NotVerifiedError: more than 200 pages: nothing can be said about a list that was not read to its end.
        """
        client = self._client(service, region)
        found: list[Any] = []
        for number, page in enumerate(self._pages(client, f"{service}:{operation}", region, operation, parameters)):
            if number == _MAX_PAGES:
                raise NotVerifiedError(f"{service}:{operation} has more than {_MAX_PAGES} pages; ask for less")
            found += page.get(key) or ()
        return found

    def _pages(
        self, client: Any, what: str, region: str, operation: str, parameters: Mapping[str, Any]
    ) -> Iterator[Mapping[str, Any]]:
        with _told_as_ours(what, region):
            if client.can_paginate(operation):
                yield from client.get_paginator(operation).paginate(**parameters)
                return
            # Some lists come in pages that botocore does not know of.
            asked = dict(parameters)
            while True:
                page = getattr(client, operation)(**asked)
                yield page
                more = {name: page[name] for name in _MORE if page.get(name)}
                if not more:
                    return
                asked |= more

    def elsewhere(self, region: str) -> AwsSession:
        """Return the same identity in one region outside of the inventory's, to see that nothing is there."""
        return AwsSession(replace(self._access, regions=(region,)), self._boto)

    def require_account(self) -> None:
        """Return if these credentials belong to the inventory's account.

        Raises:
            AuthenticationError: they belong to another one.
        """
        found = self.ask("sts", "get_caller_identity")["Account"]
        if found != self._access.account:
            raise AuthenticationError(
                f"these credentials belong to account {found}, the inventory names {self._access.account};"
                " correct one of them"
            )

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def __enter__(self) -> Self:
        """Return the session itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self.close()

    def _client(self, service: str, region: str) -> Any:
        spans = service in _SPANS_REGIONS or (not region and service in _HAS_A_GLOBAL_SIDE)
        home = _HOMES.get(service, _HOME) if spans else ""
        asked = home or region
        if not home and region not in self._access.regions:
            raise GuardError(f"{service} in {region or 'no region'}: the inventory names {self._access.regions}")
        if (service, asked) not in self._clients:
            with _told_as_ours(service, asked):
                client = self._boto.client(
                    service,
                    region_name=asked,
                    endpoint_url=self._access.endpoint or None,
                    config=self._config,
                )
            # On the client, not on the session: a profile's role is taken with a call that is no reading one.
            client.meta.events.register_first("before-call", guard)
            self._clients[service, asked] = client
        return self._clients[service, asked]


@functools.cache
def _loader() -> Any:
    """Return the one reader of botocore's descriptions of services, which are large: EC2's takes half a second."""
    from botocore.loaders import create_loader  # noqa: PLC0415

    return create_loader()


def open_aws(access: AwsAccess) -> AwsSession:
    """Return a session once it is proved to be about the inventory's account.

    Raises:
        NotVerifiedError: boto3 is missing, or no credentials are found.
        AuthenticationError: the credentials belong to another account, or to nobody.
        UnreachableError, TimedOutError, CouldNotCheckError: as of `AwsSession.ask`.
    """
    session = AwsSession(access)
    try:
        session.require_account()
    except Exception:
        session.close()
        raise
    return session


def guard(model: Any, **_: Any) -> None:
    """Refuse every operation that is not known to read; botocore asks before it signs and sends anything.

    Raises:
        GuardError: it may change something, or its answer is a secret.
    """
    name = str(model.name)
    if not _READING.match(name) or _HANDS_OUT_SECRETS.match(name):
        raise GuardError(f"{model.service_model.service_name}:{name} is not an operation that only reads")
    METER.spend("requests")


def masked(text: str) -> str:
    """Return the text without ids of access keys."""
    return _KEY_ID.sub(r"\1…", text)


class _told_as_ours:  # noqa: N801 - reads as a statement
    """Turn errors of botocore into ours."""

    def __init__(self, what: str, region: str = "") -> None:
        self._what = f"{what} in {region}" if region else what

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        from botocore import exceptions as aws  # noqa: PLC0415 - with boto3

        if isinstance(error, aws.ClientError):
            raise self._refused(error) from error
        for kinds, build, words in self._translations(aws):
            if isinstance(error, kinds):
                raise build(f"{self._what}: {words or masked(str(error))}") from error

    def _refused(self, error: Any) -> Exception:
        """Return what Amazon's own refusal means."""
        said = error.response.get("Error", {})
        code, text = str(said.get("Code", "unknown")), masked(str(said.get("Message", "")))
        if _UNKNOWN_US.match(code):
            return AuthenticationError(f"{self._what}: {code}; renew the credentials")
        if _DENIED.search(code):
            return NotVerifiedError(f"{self._what}: {code}; grant this operation to the account of the checks ({text})")
        return AwsRefusalError(f"{self._what}: {code}: {text}", code=code)

    @staticmethod
    def _translations(aws: Any) -> Iterator[tuple[Any, Callable[[str], Exception], str]]:
        lost = "no complete credentials found; name a profile or keys in the inventory"
        yield (aws.NoCredentialsError, aws.PartialCredentialsError, aws.ProfileNotFound), NotVerifiedError, lost
        yield (aws.ReadTimeoutError,), TimedOutError, f"no answer within {_READ_SECONDS} s"
        yield (aws.ConnectTimeoutError,), UnreachableError, f"no connection within {_CONNECT_SECONDS} s"
        yield (aws.HTTPClientError, aws.ConnectionError), UnreachableError, ""
        yield (aws.BotoCoreError,), CouldNotCheckError, ""


class AwsRefusalError(CouldNotCheckError):
    """Amazon answered with an error of its own; `code` is its name for it, such as `NoSuchResourceException`."""

    def __init__(self, message: str, *, code: str) -> None:
        self.code = code
        super().__init__(message)
