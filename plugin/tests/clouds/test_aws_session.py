"""The guard of Amazon's API, its errors and its pages."""

from __future__ import annotations

import builtins
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from signoff.errors import AuthenticationError, CouldNotCheckError, GuardError, NotVerifiedError, UnreachableError
from signoff.probes.aws import session as aws
from signoff.probes.aws.session import AwsAccess, AwsSession, open_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estate.companions.aws_account import Amazon

pytestmark = pytest.mark.contract
SEOUL = "ap-northeast-2"


def access(endpoint: str, **keys: Any) -> AwsAccess:
    standard = {"account": "123456789012", "regions": (SEOUL,), "key_id": "AKIAIOSFODNN7EXAMPLE", "key": "example"}
    return AwsAccess(**(standard | keys), endpoint=endpoint)


@pytest.fixture
def session(amazon: Amazon) -> Iterator[AwsSession]:
    with open_aws(access(amazon.endpoint)) as session:
        yield session


WRITES: dict[str, Any] = {
    "create": ("ec2", "create_security_group", {"GroupName": "x", "Description": "x"}),
    "terminate": ("ec2", "terminate_instances", {"InstanceIds": ["i-1"]}),
    "scale": ("autoscaling", "set_desired_capacity", {"AutoScalingGroupName": "shop-app", "DesiredCapacity": 0}),
    "delete": ("rds", "delete_db_instance", {"DBInstanceIdentifier": "shop-db"}),
    "secret": ("secretsmanager", "get_secret_value", {"SecretId": "x"}),
    "parameter": ("ssm", "get_parameters", {"Names": ["x"], "WithDecryption": True}),
    "password": ("ec2", "get_password_data", {"InstanceId": "i-1"}),
    "token": ("sts", "get_session_token", {}),
    "object": ("s3", "get_object", {"Bucket": "b", "Key": "k"}),
}


@pytest.mark.parametrize("case", WRITES)
def test_a_refused_operation_never_leaves(case: str, session: AwsSession, amazon: Amazon) -> None:
    service, operation, parameters = WRITES[case]
    before = amazon.seen()
    with pytest.raises(GuardError, match="is not an operation that only reads"):
        session.ask(service, operation, region=SEOUL, **parameters)
    assert amazon.seen() == before


def test_every_operation_of_the_services_asked_is_judged_by_its_verb() -> None:
    # botocore's own list of operations, so that no name is forgotten.
    verbs = ("Describe", "Get", "List", "Lookup", "Head", "BatchGet")
    for service in ("autoscaling", "budgets", "ce", "ec2", "elasticache", "elbv2", "rds", "shield", "sns", "wafv2"):
        model = get_session().get_service_model(service)
        for name in model.operation_names:
            operation = SimpleNamespace(name=name, service_model=model)
            if name.startswith(verbs) and name != "GetPasswordData":
                aws.guard(operation)
            else:
                with pytest.raises(GuardError):
                    aws.guard(operation)


def test_a_region_outside_of_the_inventory_is_refused(session: AwsSession, amazon: Amazon) -> None:
    before = amazon.seen()
    for region in ("us-west-2", ""):
        with pytest.raises(GuardError, match="the inventory names"):
            session.ask("ec2", "describe_vpcs", region=region)
    assert amazon.seen() == before


def test_credentials_of_another_account_are_refused(amazon: Amazon) -> None:
    with pytest.raises(AuthenticationError, match="belong to account 123456789012, the inventory names 210987654321"):
        open_aws(access(amazon.endpoint, account="210987654321"))


def test_services_of_the_whole_account_need_no_region(session: AwsSession) -> None:
    assert session.ask("budgets", "describe_budgets", AccountId=session.account)["Budgets"]
    assert session.items("wafv2", "list_web_acls", "WebACLs", Scope="CLOUDFRONT") == []


def test_the_address_in_the_environment_leads_nowhere(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with open_aws(access(amazon.endpoint)) as session:
        assert session.account == "123456789012"


def test_lists_are_read_to_their_end(session: AwsSession, amazon: Amazon) -> None:
    everything = session.items("ec2", "describe_subnets", "Subnets", region=SEOUL)
    in_pages = session.items(
        "ec2", "describe_security_groups", "SecurityGroups", region=SEOUL, PaginationConfig={"PageSize": 5}
    )
    assert len(everything) == len(amazon.client("ec2").describe_subnets()["Subnets"])
    assert len(in_pages) == len(amazon.client("ec2").describe_security_groups()["SecurityGroups"])


def test_pages_that_botocore_does_not_know_are_followed(session: AwsSession, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {"": {"Things": [1, 2], "NextMarker": "a"}, "a": {"Things": [3], "NextMarker": ""}}
    client = SimpleNamespace(
        can_paginate=lambda _: False, list_things=lambda **given: pages[given.get("NextMarker", "")]
    )
    monkeypatch.setattr(session, "_client", lambda *_: client)
    assert session.items("things", "list_things", "Things") == [1, 2, 3]


def test_a_list_without_end_proves_nothing(session: AwsSession, monkeypatch: pytest.MonkeyPatch) -> None:
    client = SimpleNamespace(can_paginate=lambda _: False, list_things=lambda **_: {"Things": [1], "NextToken": "x"})
    monkeypatch.setattr(session, "_client", lambda *_: client)
    with pytest.raises(NotVerifiedError, match="more than 200 pages"):
        session.items("things", "list_things", "Things")


REFUSALS: dict[str, Any] = {
    "AccessDenied": (NotVerifiedError, "grant this operation"),
    "AccessDeniedException": (NotVerifiedError, "grant this operation"),
    "UnauthorizedOperation": (NotVerifiedError, "grant this operation"),
    "ExpiredToken": (AuthenticationError, "renew the credentials"),
    "InvalidClientTokenId": (AuthenticationError, "renew the credentials"),
    "UnrecognizedClientException": (AuthenticationError, "renew the credentials"),
    "AuthFailure": (AuthenticationError, "renew the credentials"),
    "ThrottlingException": (CouldNotCheckError, "ThrottlingException"),
    "InternalFailure": (CouldNotCheckError, "InternalFailure"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_refusals_say_what_to_do(code: str, session: AwsSession, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "key AKIAIOSFODNN7EXAMPLE"}}, "DescribeThings")

    monkeypatch.setattr(session, "_client", lambda *_: SimpleNamespace(describe_things=refuse))
    kind, words = REFUSALS[code]
    with pytest.raises(kind, match=words) as caught:
        session.ask("ec2", "describe_things", region=SEOUL)
    assert "AKIAIOSFODNN7EXAMPLE" not in str(caught.value)
    assert f"ec2:describe_things in {SEOUL}" in str(caught.value)


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(UnreachableError):
        open_aws(access("http://127.0.0.1:9"))


def test_no_credentials_are_no_verdict(monkeypatch: pytest.MonkeyPatch, amazon: Amazon) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NotVerifiedError, match="name a profile or keys in the inventory"):
        open_aws(access(amazon.endpoint, key_id="", key=""))
    with pytest.raises(NotVerifiedError, match="name a profile or keys in the inventory"):
        open_aws(access(amazon.endpoint, key_id="", key="", profile="gone"))


def test_without_boto3_the_install_line_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "boto3":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NotVerifiedError, match=r"python -m pip install 'pytest-signoff\[aws\]'"):
        open_aws(access("http://127.0.0.1:9"))


def test_keys_stay_out_of_sight() -> None:
    assert "example" not in repr(access("http://127.0.0.1:9")).replace("http://127.0.0.1:9", "")
