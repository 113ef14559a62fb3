"""WAF, Shield and credentials of an account at a contract fake: protected, unprotected, and unable to tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.aws import credentials as aws_credentials
from signoff.probes.aws import filters as aws_filters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.probes.aws.session import AwsSession

boto3 = pytest.importorskip("boto3")
moto = pytest.importorskip("moto")
pytestmark = pytest.mark.contract

REGION, ACCOUNT = "ap-northeast-2", "123456789012"
VISIBLE = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "x"}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSession]:
    """Return a way to ask an empty account."""
    from signoff.probes.aws.session import AwsAccess, open_aws

    for name, value in {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE00", "AWS_SECRET_ACCESS_KEY": "made-up"}.items():
        monkeypatch.setenv(name, value)
    with moto.mock_aws(), open_aws(AwsAccess(account=ACCOUNT, regions=(REGION,))) as opened:
        yield opened


def rule(name: str, **action: Any) -> dict[str, Any]:
    statement = {"GeoMatchStatement": {"CountryCodes": ["XX"]}}
    return {"Name": name, "Priority": 0, "Statement": statement, "VisibilityConfig": VISIBLE} | action


BLOCKS, COUNTS = rule("bad-bots", Action={"Block": {}}), rule("new-rule", Action={"Count": {}}, Priority=1)
MANAGED = {
    "Name": "core",
    "Priority": 2,
    "OverrideAction": {"None": {}},
    "VisibilityConfig": VISIBLE,
    "Statement": {
        "ManagedRuleGroupStatement": {
            "VendorName": "AWS",
            "Name": "AWSManagedRulesCommonRuleSet",
            "RuleActionOverrides": [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}],
        }
    },
}


def balancer(scheme: str = "internet-facing") -> str:
    ec2, elb = (boto3.client(name, region_name=REGION) for name in ("ec2", "elbv2"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]
    made = elb.create_load_balancer(Name="shop", Subnets=subnets, Scheme=scheme)
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def acl(*rules: dict[str, Any], logged: bool = True) -> str:
    waf = boto3.client("wafv2", region_name=REGION)
    made = waf.create_web_acl(
        Name="front", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=list(rules), VisibilityConfig=VISIBLE
    )["Summary"]["ARN"]
    if logged:
        target = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/aws-waf-logs-front"
        waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": made, "LogDestinationConfigs": [target]})
    return str(made)


def test_a_balancer_behind_a_filter_that_blocks_and_is_logged(session: AwsSession) -> None:
    front = acl(BLOCKS, COUNTS, MANAGED)
    boto3.client("wafv2", region_name=REGION).associate_web_acl(WebACLArn=front, ResourceArn=balancer())

    (found,) = aws_filters.entry_points(session)

    assert found.name == "shop"
    assert found.acl == aws_filters.WebAcl(
        name="front",
        blocking=("bad-bots", "core"),
        counting=("new-rule", "core/SizeRestrictions_BODY"),
        is_logged=True,
    )


def test_a_filter_that_only_counts_and_writes_nothing_down(session: AwsSession) -> None:
    front = acl(COUNTS, MANAGED | {"OverrideAction": {"Count": {}}}, logged=False)
    boto3.client("wafv2", region_name=REGION).associate_web_acl(WebACLArn=front, ResourceArn=balancer())

    (found,) = aws_filters.entry_points(session)

    assert found.acl
    assert (found.acl.blocking, found.acl.is_logged) == ((), False)
    assert set(found.acl.counting) == {"new-rule", "core", "core/SizeRestrictions_BODY"}


def test_a_balancer_without_a_filter_is_seen(session: AwsSession) -> None:
    balancer()

    assert [(one.name, one.acl) for one in aws_filters.entry_points(session)] == [("shop", None)]


def test_an_account_without_a_front_door_is_no_answer(session: AwsSession) -> None:
    balancer("internal")

    with pytest.raises(NotVerifiedError, match="no public load balancer"):
        aws_filters.entry_points(session)


def test_shield_protects_what_it_lists_and_nothing_without_a_subscription(session: AwsSession) -> None:
    arn = balancer()
    assert aws_filters.protected_by_shield(session) == frozenset()
    shield = boto3.client("shield", region_name="us-east-1")
    shield.create_subscription()
    shield.create_protection(Name="shop", ResourceArn=arn)

    assert aws_filters.protected_by_shield(session) == {arn}


def test_credentials_are_read_from_a_report_that_somebody_made(session: AwsSession) -> None:
    iam = boto3.client("iam", region_name="us-east-1")
    with pytest.raises(NotVerifiedError, match="generate-credential-report"):
        aws_credentials.read(session)
    iam.create_user(UserName="han")
    iam.create_login_profile(UserName="han", Password="made-up-Password-1")
    iam.create_user(UserName="deploy")
    iam.create_access_key(UserName="deploy")
    iam.generate_credential_report()

    found = aws_credentials.read(session)

    assert "han" in found.without_second_factor
    assert "deploy" not in found.without_second_factor
    assert [str(key) for key in found.keys] == ["deploy key 1"]
    assert found.made_at.tzinfo is UTC


HEADER = (
    "user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date\n"
)
MADE = datetime(2026, 11, 22, tzinfo=UTC)


def test_the_documented_report_is_read_with_its_odd_words() -> None:
    text = (
        f"{HEADER}<root_account>,a,2020-01-01T00:00:00+00:00,not_supported,true,false,N/A,N/A,false,N/A,N/A\n"
        "ci,a,2024-01-01T00:00:00+00:00,false,false,true,2026-10-01T00:00:00+00:00,2026-11-20T00:00:00+00:00,"
        "true,2026-01-01T00:00:00+00:00,N/A\n"
    )

    found = aws_credentials.parse(text, made_at=MADE)

    assert (found.users, found.without_second_factor) == (2, ())
    assert [(str(key), key.since.month, key.last_used and key.last_used.day) for key in found.keys] == [
        ("ci key 1", 10, 20),
        ("ci key 2", 1, None),
    ]


def test_a_root_account_without_a_second_factor_is_named() -> None:
    row = "<root_account>,a,2020-01-01T00:00:00+00:00,not_supported,false,true,no_information,N/A,false,N/A,N/A"
    text = f"{HEADER}{row}\n"

    found = aws_credentials.parse(text, made_at=MADE)

    assert found.without_second_factor == ("<root_account>",)
    assert [str(key) for key in found.keys] == ["<root_account> key 1"]


@pytest.mark.parametrize("text", ["", HEADER, "user,arn\nhan,a\n"])
def test_a_report_of_another_form_is_no_answer(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        aws_credentials.parse(text, made_at=MADE)
