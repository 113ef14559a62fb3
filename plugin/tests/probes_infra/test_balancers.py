"""Load balancers other than HAProxy: Amazon's on a stand-in, NGINX Plus and Kubernetes as documented, servers asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from pydantic import ValidationError

from signoff.config.kinds.load_balancer import LoadBalancerService
from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.importers._json import Node
from signoff.probes.aws.session import AwsAccess, open_aws
from signoff.probes.front.asked_servers import Question, ask_servers
from signoff.probes.front.elbv2 import read_elbv2
from signoff.probes.front.endpoint_slices import SLICES, read_endpoint_slices
from signoff.probes.front.nginx_plus import parse_upstreams, read_nginx_plus
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.probes.front.balancer import BalancerFacts

REGION = "ap-northeast-2"
contract = pytest.mark.contract


def states(facts: BalancerFacts, pool: str) -> list[tuple[str, str, str, bool]]:
    return [(one.name, one.status, one.check, one.is_healthy) for one in facts.backends[pool].servers]


@contract
@mock_aws
def test_amazons_targets_zones_listeners_and_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # thousands of images that nobody asks for
    ec2, elb = (boto3.client(name, region_name=REGION) for name in ("ec2", "elbv2"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ac")
    ]
    machines = [
        ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]["InstanceId"]
        for subnet in subnets
    ]
    group = elb.create_target_group(
        Name="shop", Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckProtocol="HTTP", HealthCheckPath="/readyz"
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": one} for one in machines])
    balancer = elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]

    def look(*pools: str) -> BalancerFacts:
        with open_aws(AwsAccess(account="123456789012", regions=(REGION,))) as session:
            return read_elbv2(session, REGION, pools)

    with pytest.raises(NotVerifiedError, match="no load balancer forwards to shop"):
        look("shop")
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    facts = look("shop")
    assert states(facts, "shop") == [(one, "UP", "L7OK", True) for one in machines]
    assert [one.zone for one in facts.backends["shop"].servers] == [f"{REGION}a", f"{REGION}c"]
    assert (dict(facts.frontends), facts.access_log) == ({"front HTTP:80": "OPEN"}, False)
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": machines[0]}])
    assert [one for one in states(look("shop"), "shop") if one[3]] == [(machines[1], "UP", "L7OK", True)]


PEERS = [
    {"id": 0, "name": "10.0.0.1:80", "state": "up", "weight": 1, "health_checks": {"checks": 9, "last_passed": True}},
    {
        "id": 1,
        "name": "10.0.0.2:80",
        "state": "unhealthy",
        "weight": 1,
        "health_checks": {"checks": 9, "last_passed": False},
    },
    {
        "id": 2,
        "name": "10.0.0.3:80",
        "state": "draining",
        "weight": 1,
        "health_checks": {"checks": 9, "last_passed": True},
    },
    {"id": 3, "name": "10.0.0.4:80", "state": "up", "weight": 1, "health_checks": {"checks": 0}},
    {"id": 4, "name": "10.0.0.5:80", "state": "down", "weight": 1},
]


@contract
def test_nginx_plus_as_its_api_is_documented(serve: Callable[..., Any]) -> None:
    upstreams = json.dumps({"shop": {"peers": PEERS, "keepalive": 0, "zombies": 0, "zone": "shop"}})
    with (
        serve({"/api/9/http/upstreams": (200, {}, upstreams)}) as address,
        Session(origins=[f"http://{address}"]) as session,
    ):
        facts = read_nginx_plus(session, f"http://{address}/api/9/")
        with pytest.raises(NotVerifiedError, match="only NGINX Plus has this API"):
            read_nginx_plus(session, f"http://{address}/api/1")
    assert states(facts, "shop") == [
        ("10.0.0.1:80", "UP", "L7OK", True),
        ("10.0.0.2:80", "DOWN", "L7STS", False),
        ("10.0.0.3:80", "DRAIN", "L7OK", False),
        ("10.0.0.4:80", "UP", "", False),
        ("10.0.0.5:80", "MAINT", "", False),
    ]


def test_nginx_plus_that_tells_nothing(serve: Callable[..., Any]) -> None:
    with (
        serve({"/api/9/http/upstreams": (401, {}, "")}) as address,
        Session(origins=[f"http://{address}"]) as session,
        pytest.raises(AuthenticationError, match="user and password"),
    ):
        read_nginx_plus(session, f"http://{address}/api/9")
    for text in (b"{}", b'{"shop": {"peers": []}}', b"<html>", b'{"shop": {"peers": [{"name": "a"}]}}'):
        with pytest.raises(NotVerifiedError):
            parse_upstreams(text)


def test_servers_are_asked_past_a_balancer_that_tells_nothing(serve: Callable[..., Any]) -> None:
    with serve({"/readyz": (200, {}, "")}) as well, serve({"/readyz": (503, {}, "")}) as ill:
        gone = "http://127.0.0.1:1/readyz"
        urls = {"a": f"http://{well}/readyz", "b": f"http://{ill}/readyz", "c": gone}
        with Session(origins=list(urls.values())) as session:
            facts = ask_servers(session, [Question(pool="shop", server=name, url=url) for name, url in urls.items()])
    assert states(facts, "shop") == [
        ("a", "UP", "L7OK", True),
        ("b", "DOWN", "L7STS", False),
        ("c", "DOWN", "L4CON", False),
    ]
    assert not facts.checks_itself


def test_servers_of_which_none_answers_are_no_verdict() -> None:
    gone = "http://127.0.0.1:1/readyz"
    with (
        Session(origins=[gone]) as session,
        pytest.raises(UnreachableError, match="none of the 2 servers answers here"),
    ):
        ask_servers(session, [Question(pool="shop", server=name, url=gone) for name in "ab"])


class Cluster:
    """Answers of kubectl."""

    def __init__(self, pods: list[Any], slices: list[Any]) -> None:
        self._answers = {"pods.json": {"items": pods}, SLICES.file: {"items": slices}}

    def read(self, query: Any) -> Node:
        return Node.parse(json.dumps(self._answers[query.file]), kind=query.file)


def pod(name: str, *probes: str) -> dict[str, Any]:
    containers = [{"name": kind, **({"readinessProbe": {kind: {}}} if kind else {})} for kind in probes]
    return {"metadata": {"namespace": "web", "name": name}, "spec": {"containers": containers}}


def endpoint(name: str, zone: str, **conditions: bool) -> dict[str, Any]:
    target = {"kind": "Pod", "namespace": "web", "name": name}
    return {"addresses": ["10.1.0.1"], "conditions": conditions, "targetRef": target, "zone": zone}


def slice_of(service: str, *endpoints: Any) -> dict[str, Any]:
    metadata = {"name": f"{service}-x", "namespace": "web", "labels": {"kubernetes.io/service-name": service}}
    return {"metadata": metadata, "addressType": "IPv4", "endpoints": list(endpoints)}


@contract
def test_endpoint_slices_as_kubernetes_documents_them() -> None:
    pods = [
        pod("a", "httpGet", ""),
        pod("b", "tcpSocket", "httpGet"),
        pod("c", ""),
        pod("d", "httpGet"),
        pod("e", "exec"),
    ]
    cluster = Cluster(
        pods,
        [
            slice_of("shop", endpoint("a", "z1", ready=True), endpoint("b", "z2")),
            slice_of("shop", endpoint("c", "z2", ready=True), endpoint("d", "z1", ready=False)),
            slice_of("shop", endpoint("e", "z1", ready=True, terminating=True)),
            slice_of("other", endpoint("a", "z1", ready=True)),
            {"metadata": {"name": "kubernetes", "namespace": "default"}, "endpoints": None},
        ],
    )
    facts = read_endpoint_slices(cluster, ["web/shop"])
    assert states(facts, "web/shop") == [
        ("a", "UP", "L7OK", True),
        ("b", "UP", "L4OK", True),
        ("c", "UP", "", False),
        ("d", "DOWN", "L7STS", False),
        ("e", "DOWN", "L7STS", False),
    ]
    assert [one.zone for one in facts.backends["web/shop"].servers] == ["z1", "z2", "z2", "z1", "z1"]
    with pytest.raises(NotVerifiedError, match="no EndpointSlice of web/gone; write pools as namespace/service"):
        read_endpoint_slices(cluster, ["web/gone"])


@pytest.mark.parametrize("sources", [{}, {"stats_url": "http://lb/", "nginx_api": "http://lb/api/9"}])
def test_exactly_one_thing_tells_about_a_balancer(sources: dict[str, str]) -> None:
    spread = {"url": "https://shop.test/", "pool": "shop"}
    with pytest.raises(ValidationError, match="exactly one of stats_url, stats_socket"):
        LoadBalancerService(pools=({"name": "shop"},), http_url="http://shop.test/", spread=spread, **sources)
