"""What switches between blue and green: nginx's files."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.front import nginx_switch
from signoff.probes.front.nginx_config import Directive, parse

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
