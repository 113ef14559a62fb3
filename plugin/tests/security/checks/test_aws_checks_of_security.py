"""SEC-CFG-2, SEC-CFG-3 and SEC-AUTH-* of an Amazon account at a contract fake: right, wrong, out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

boto3 = pytest.importorskip("boto3")
server = pytest.importorskip("moto.server")
pytestmark = pytest.mark.contract

ACCOUNT, HOME, EMPTY = "123456789012", "ap-northeast-2", "ap-northeast-1"
KEY = {"aws_access_key_id": "AKIAEXAMPLEEXAMPLE00", "aws_secret_access_key": "made-up-secret-key"}
VISIBLE = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "x"}
STATEMENT = {"GeoMatchStatement": {"CountryCodes": ["XX"]}}


@pytest.fixture
def endpoint() -> Iterator[str]:
    """Return the address of a fake account with one balancer behind a filter, and one user with a key."""
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def _fill(endpoint: str) -> str:
    def client(name: str, region: str = HOME) -> Any:
        return boto3.client(name, region_name=region, endpoint_url=endpoint, **KEY)

    ec2, waf, iam, shield = client("ec2"), client("wafv2"), client("iam"), client("shield", "us-east-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{HOME}{zone}")
        for number, zone in enumerate("ab")
    ]
    made = client("elbv2").create_load_balancer(
        Name="shop", Subnets=[subnet["Subnet"]["SubnetId"] for subnet in subnets], Scheme="internet-facing"
    )
    arn = str(made["LoadBalancers"][0]["LoadBalancerArn"])
    rules = [
        {"Name": "bots", "Priority": 0, "Action": {"Block": {}}, "Statement": STATEMENT, "VisibilityConfig": VISIBLE},
        {
            "Name": "new-rule",
            "Priority": 1,
            "Action": {"Count": {}},
            "Statement": STATEMENT,
            "VisibilityConfig": VISIBLE,
        },
    ]
    front = waf.create_web_acl(
        Name="front", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=rules, VisibilityConfig=VISIBLE
    )["Summary"]["ARN"]
    target = f"arn:aws:firehose:{HOME}:{ACCOUNT}:deliverystream/aws-waf-logs-front"
    waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": front, "LogDestinationConfigs": [target]})
    waf.associate_web_acl(WebACLArn=front, ResourceArn=arn)
    shield.create_subscription()
    shield.create_protection(Name="shop", ResourceArn=arn)
    iam.create_user(UserName="deploy")
    iam.create_access_key(UserName="deploy")
    iam.create_user(UserName="han")
    iam.create_login_profile(UserName="han", Password="made-up-Password-1")
    iam.generate_credential_report()
    return arn


def test_an_account(environment: Any, states_of: Callable[..., Any], endpoint: str) -> None:
    arn = _fill(endpoint)
    cloud = {"kind": "cloud", "provider": "aws", "account": ACCOUNT, "regions": [HOME], "endpoint": endpoint}
    keys = {"access_key_id": KEY["aws_access_key_id"], "secret_access_key": KEY["aws_secret_access_key"]}
    waf: dict[str, Any] = {"kind": "aws_waf", "cloud": "account", "may_count": ["new-rule"]}
    shield = {"kind": "ddos_protection", "provider": "aws", "cloud": "account", "protects": [arn]}
    # The fake's report is always of 2015.
    people: dict[str, Any] = {"kind": "aws_credentials", "cloud": "account", "report_max_age": "5200w"}
    both = ["<root_account>", "han"]
    environment.services |= {
        "account": cloud | keys,
        "quiet-account": cloud | keys | {"regions": [EMPTY]},
        "lost-account": cloud | keys | {"endpoint": "http://127.0.0.1:1"},
        "filter": waf,
        "filter-that-counts": waf | {"may_count": []},
        "filter-nowhere": waf | {"cloud": "quiet-account"},
        "filter-lost": waf | {"cloud": "lost-account"},
        "shield": shield,
        "shield-elsewhere": shield | {"protects": [f"{arn}-other"]},
        "people": people | {"without_second_factor": both},
        "people-with-passwords": people | {"max_age": "0s"},
        "people-of-old": people | {"report_max_age": "1d"},
        "people-lost": people | {"cloud": "lost-account"},
    }

    states = environment.run("security")

    assert states_of(states, "cloud_filter_blocks_and_logs") == {
        "filter": "PASS",
        "filter-that-counts": "FAIL",
        "filter-nowhere": "NOT_VERIFIED",
        "filter-lost": "ERROR",
    }
    assert states_of(states, "ddos_protection_is_on") == {"shield": "PASS", "shield-elsewhere": "FAIL"}
    wrong = {"people-with-passwords": "FAIL", "people-of-old": "NOT_VERIFIED", "people-lost": "ERROR"}
    assert states_of(states, "console_users_need_a_second_factor") == {"people": "PASS"} | wrong
    assert states_of(states, "aws_keys_are_young_and_used") == {"people": "PASS"} | wrong
