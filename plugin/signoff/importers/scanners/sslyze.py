"""sslyze's JSON: what each TLS server accepts, and which of its scans did not work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.importers.scanners.report import Finding, Report, Risk, json_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signoff.importers._json import Node

_KIND = "sslyze report"
_COMPLETED = "COMPLETED"
_NOT_ASKED = "NOT_SCHEDULED"
_BROKEN_PROTOCOLS: Mapping[str, Risk] = {
    "ssl_2_0_cipher_suites": Risk.CRITICAL,
    "ssl_3_0_cipher_suites": Risk.HIGH,
    "tls_1_0_cipher_suites": Risk.MEDIUM,
    "tls_1_1_cipher_suites": Risk.MEDIUM,
}
_FLAWS: Mapping[str, tuple[str, bool, Risk, int]] = {
    # Scan to the fact in its result, the value that is bad, how bad, and the weakness.
    "heartbleed": ("is_vulnerable_to_heartbleed", True, Risk.CRITICAL, 126),
    "openssl_ccs_injection": ("is_vulnerable_to_ccs_injection", True, Risk.HIGH, 326),
    "tls_compression": ("supports_compression", True, Risk.MEDIUM, 310),
    "tls_fallback_scsv": ("supports_fallback_scsv", False, Risk.LOW, 757),
    "session_renegotiation": ("supports_secure_renegotiation", False, Risk.MEDIUM, 310),
}


def read(text: bytes | str) -> Report:
    """Return the scan.

    Raises:
        DamagedReportError: not sslyze's JSON, or no server in it.
    """
    root = json_root(text, _KIND)
    servers = root.at("server_scan_results").items()
    if not servers:
        raise root.refuse("no server in it: nothing was scanned")
    reached = [server for server in servers if server.at("scan_status").text() == _COMPLETED]
    unreached = [server for server in servers if server.at("scan_status").text() != _COMPLETED]
    scans = [(server, name, scan) for server in reached for name, scan in _scans(server)]
    return Report(
        producer="sslyze",
        version=root.at("sslyze_version").text(),
        created=root.at("date_scans_completed").instant(),
        targets=frozenset(name for server in reached for name in _names(server)),
        inspected=sum(scan.at("status").text() == _COMPLETED for _, _, scan in scans),
        skipped=(
            *(f"{_names(server)[1]}: not reached" for server in unreached),
            *(one.at("server_string").text("?") for one in root.some("invalid_server_strings")),
            *(f"{_names(server)[1]}: {name} failed" for server, name, scan in scans if _failed(scan)),
        ),
        findings=tuple(
            finding
            for server, name, scan in scans
            if scan.at("status").text() == _COMPLETED
            for finding in _findings(_names(server)[1], name, scan.at("result"))
        ),
    )


def _names(server: Node) -> list[str]:
    place = server.at("server_location")
    host, port = place.at("hostname").text(), place.at("port").count()
    address = place.at("ip_address").text("")
    return [host, f"{host}:{port}", *([address, f"{address}:{port}"] if address else [])]


def _scans(server: Node) -> list[tuple[str, Node]]:
    return [(name, scan) for name, scan in server.at("scan_result").members().items() if "status" in scan]


def _failed(scan: Node) -> bool:
    return scan.at("status").text() not in {_COMPLETED, _NOT_ASKED}


def _findings(place: str, name: str, result: Node) -> Iterator[Finding]:
    if name in _BROKEN_PROTOCOLS and result.at("accepted_cipher_suites").items():
        title = f"{name.removesuffix('_cipher_suites').upper().replace('_', ' ', 1).replace('_', '.')} is accepted"
        yield Finding(rule=name, title=title, risk=_BROKEN_PROTOCOLS[name], place=place, cwes=(326,))
    elif name in _FLAWS:
        fact, bad, risk, cwe = _FLAWS[name]
        if result.at(fact).flag() is bad:
            yield Finding(rule=name, title=f"{fact} is {str(bad).lower()}", risk=risk, place=place, cwes=(cwe,))
    elif name == "robot" and result.at("robot_result").text().startswith("VULNERABLE"):
        yield Finding(rule=name, title="vulnerable to ROBOT", risk=Risk.HIGH, place=place, cwes=(203, 326))
    elif name == "certificate_info":
        yield from _certificates(place, result)


def _certificates(place: str, result: Node) -> Iterator[Finding]:
    for deployment in result.at("certificate_deployments").items():
        named = "leaf_certificate_subject_matches_hostname"
        if named in deployment and not deployment.at(named).flag():
            title = "the certificate is for another name"
            yield Finding(rule="certificate_info", title=title, risk=Risk.HIGH, place=place, cwes=(297,))
        validations = deployment.at("path_validation_results").items()
        if not any(_is_valid(one) for one in validations):
            title = "no trust store knows the certificate's authority"
            yield Finding(rule="certificate_info", title=title, risk=Risk.MEDIUM, place=place, cwes=(295,))


def _is_valid(validation: Node) -> bool:
    """Whether one trust store accepts the chain: older versions write a flag, newer ones the chain."""
    flag = validation.at("was_validation_successful")
    return flag.flag() if flag.value is not None else "verified_certificate_chain" in validation
