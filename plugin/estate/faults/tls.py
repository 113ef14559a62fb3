"""Faults of the TLS front: certificates, their chain, old protocols, and the promise to stay on HTTPS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate import certificates
from estate.faults.model import Fault
from estate.layout import write_atomically
from estate.roles import edge
from signoff.model import Text

if TYPE_CHECKING:
    from estate.estate import Estate

_SOON = 5
_PROTOCOLS = "    ssl_protocols TLSv1.2 TLSv1.3;\n    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;"
_OLD_PROTOCOLS = "    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;\n    ssl_ciphers ALL:@SECLEVEL=0;"
_HSTS = 'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;'
_SHORT_HSTS = 'add_header Strict-Transport-Security "max-age=300" always;'
_NO_HSTS = "# off for the migration"
_UNTRUSTED_BLINDS = (
    *("INF-NET-1", "INF-NET-2", "SEC-CFG-2", "SEC-CFG-4"),
    *("SEC-AUTH-1", "SEC-AUTH-3", "SEC-AUTH-4"),
)
"""What asks the shop by HTTPS, and rightly refuses to talk to a server that it cannot trust."""


def _expire_soon(estate: Estate) -> None:
    _use_certificate(estate, days=_SOON)


def _expire(estate: Estate) -> None:
    _use_certificate(estate, days=-1)


def _take_anothers_name(estate: Estate) -> None:
    _use_certificate(estate, names=("staging.estate.test",))


def _renew(estate: Estate, _: Any) -> None:
    _use_certificate(estate)


def _use_certificate(estate: Estate, **options: Any) -> None:
    edge.write_certificate(estate.host("edge"), estate, **options)
    edge.reload(estate)


def _age_intermediate(estate: Estate) -> dict[str, str]:
    folder = estate.layout.authority
    files = (folder / "intermediate.pem", folder / "intermediate.key")
    before = {file.name: file.read_text(encoding="ascii") for file in files}
    certificates.write_intermediate(folder, days=_SOON)
    _use_certificate(estate)
    return before


def _renew_intermediate(estate: Estate, before: dict[str, str]) -> None:
    for name, content in before.items():
        write_atomically(estate.layout.authority / name, content)
    _use_certificate(estate)


def _forget_intermediate(estate: Estate) -> None:
    host = estate.host("edge")
    leaf, end, _ = host.read(edge.CERTIFICATE).partition("-----END CERTIFICATE-----\n")
    host.write(edge.CERTIFICATE, leaf + end)
    edge.reload(estate)


def _allow_old_protocols(estate: Estate) -> None:
    _edit(estate, _PROTOCOLS, _OLD_PROTOCOLS)


def _refuse_old_protocols(estate: Estate, _: Any) -> None:
    _edit(estate, _OLD_PROTOCOLS, _PROTOCOLS)


def _drop_hsts(estate: Estate) -> None:
    _edit(estate, _HSTS, _NO_HSTS)


def _say_hsts(estate: Estate, _: Any) -> None:
    _edit(estate, _NO_HSTS, _HSTS)


def _shorten_hsts(estate: Estate) -> None:
    _edit(estate, _HSTS, _SHORT_HSTS)


def _lengthen_hsts(estate: Estate, _: Any) -> None:
    _edit(estate, _SHORT_HSTS, _HSTS)


def _edit(estate: Estate, old: str, new: str) -> None:
    estate.host("edge").replace(edge.CONFIGURATION, old, new)
    edge.reload(estate)


FAULTS = (
    Fault(
        name="certificate-expiring",
        title=Text(ko="TLS 인증서가 5일 뒤에 만료됩니다", en="The TLS certificate expires in 5 days"),
        items=("INF-NET-5",),
        break_=_expire_soon,
        mend=_renew,
    ),
    Fault(
        name="certificate-expired",
        title=Text(ko="TLS 인증서가 어제 만료되었습니다", en="The TLS certificate expired yesterday"),
        items=("INF-NET-5",),
        blinds=_UNTRUSTED_BLINDS,
        break_=_expire,
        mend=_renew,
    ),
    Fault(
        name="certificate-of-another-name",
        title=Text(ko="TLS 인증서가 다른 호스트 이름의 것입니다", en="The TLS certificate is for another name"),
        items=("INF-NET-5",),
        blinds=_UNTRUSTED_BLINDS,
        break_=_take_anothers_name,
        mend=_renew,
    ),
    Fault(
        name="intermediate-missing",
        title=Text(
            ko="TLS 서버가 중간 인증서를 보내지 않습니다",
            en="The TLS server does not send its intermediate certificate",
        ),
        items=("INF-NET-5",),
        blinds=_UNTRUSTED_BLINDS,
        break_=_forget_intermediate,
        mend=_renew,
    ),
    Fault(
        name="intermediate-expiring",
        title=Text(ko="중간 인증서가 5일 뒤에 만료됩니다", en="The intermediate certificate expires in 5 days"),
        items=("INF-NET-5",),
        break_=_age_intermediate,
        mend=_renew_intermediate,
    ),
    Fault(
        name="old-tls-accepted",
        title=Text(ko="TLS 1.0과 1.1을 받아들입니다", en="TLS 1.0 and 1.1 are accepted"),
        items=("INF-NET-5",),
        break_=_allow_old_protocols,
        mend=_refuse_old_protocols,
    ),
    Fault(
        name="hsts-missing",
        title=Text(ko="HSTS 헤더가 빠졌습니다", en="The HSTS header is missing"),
        items=("INF-NET-5",),
        break_=_drop_hsts,
        mend=_say_hsts,
    ),
    Fault(
        name="hsts-too-short",
        title=Text(ko="HSTS의 기간이 5분뿐입니다", en="The HSTS header holds for five minutes only"),
        items=("INF-NET-5",),
        break_=_shorten_hsts,
        mend=_lengthen_hsts,
    ),
)
