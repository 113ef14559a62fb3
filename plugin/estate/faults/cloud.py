"""Mistakes in the account of the cloud, made and mended in the controller's network, where its stand-in listens."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from estate.companions.cloud import ENDPOINT
from estate.faults.model import Fault
from signoff.model import Text

if TYPE_CHECKING:
    from estate.estate import Estate


def _change(estate: Estate, *arguments: str) -> str:
    return estate.controller.run(sys.executable, "-m", "estate.companions.aws_changes", ENDPOINT, *arguments)


def _fault(name: str, item: str, ko: str, en: str) -> Fault:
    def break_(estate: Estate) -> Any:
        return json.loads(_change(estate, "break", name))

    def mend(estate: Estate, memory: Any) -> None:
        _change(estate, "mend", name, json.dumps(memory))

    return Fault(name=name, title=Text(ko=ko, en=en), items=(item,), break_=break_, mend=mend)


FAULTS = (
    _fault(
        "security-group-open-to-world",
        "SEC-CFG-1",
        "애플리케이션 보안 그룹이 SSH를 전 세계에 엶",
        "The application's security group opens SSH to the world",
    ),
    _fault(
        "default-group-in-use", "SEC-CFG-1", "기본 보안 그룹에 규칙이 있음", "The default security group has a rule"
    ),
    _fault(
        "network-acl-rule-missing",
        "SEC-CFG-1",
        "네트워크 ACL에서 SSH 차단 규칙이 사라짐",
        "The network ACL no longer refuses SSH",
    ),
    _fault("database-public", "SEC-CFG-1", "데이터베이스가 공개됨", "The database is public"),
    _fault(
        "scaling-ceiling-too-low", "INF-CLD-1", "최대 대수가 현재 대수와 같음", "The group runs its maximum already"
    ),
    _fault("scaling-suspended", "INF-CLD-1", "인스턴스 시작이 중지됨", "Launching is suspended"),
    _fault("scaling-metric-without-data", "INF-CLD-1", "확장 메트릭에 데이터가 없음", "The scaling metric has no data"),
    _fault("scaling-failed", "INF-CLD-1", "최근 확장이 실패함", "A scale-out failed lately"),
    _fault("machines-in-one-zone", "INF-CLD-2", "서버가 모두 한 영역에 있음", "All machines are in one zone"),
    _fault("database-in-one-zone", "INF-CLD-2", "데이터베이스에 대기 서버가 없음", "The database has no standby"),
    _fault(
        "machine-in-another-region",
        "INF-CLD-2",
        "허용되지 않은 리전에 서버가 있음",
        "A machine runs in a region that is not allowed",
    ),
    _fault("quota-nearly-used", "INF-CLD-3", "할당량이 거의 소진됨", "A quota is nearly used up"),
    _fault("budget-without-subscriber", "INF-CLD-4", "예산에 수신자가 없음", "The budget tells nobody"),
    _fault(
        "cost-topic-unheard", "INF-CLD-4", "비용 알림 주제를 아무도 구독하지 않음", "Nobody listens to the cost topic"
    ),
    _fault("cost-anomalies-unwatched", "INF-CLD-4", "이상 비용 감지가 없음", "Nothing watches for unusual costs"),
)
