"""Network: load balancers, name servers, certificates."""

from collections import Counter
from urllib.parse import urlsplit

import pytest

from signoff import not_verified
from signoff.probes.web.hsts import parse_hsts


@pytest.mark.checklist(id="INF-NET-1")
def test_load_balancer_has_enough_healthy_servers(load_balancer, evidence):
    backends, pools = load_balancer.facts.backends, load_balancer.settings.pools
    states = [f"{pool.name}/{one.name} {one.status}" for pool in pools for one in load_balancer.servers(pool.name)]
    evidence(observed=", ".join(states), expected="enough servers UP by a passed check", inspected=len(states))
    for pool in pools:
        assert pool.name in backends, f"{load_balancer.name}: no backend {pool.name}"
        healthy, servers = backends[pool.name].healthy, backends[pool.name].servers
        assert len(healthy) >= pool.min_healthy, (
            f"{load_balancer.name}: {pool.name} has {len(healthy)} healthy servers, limit is {pool.min_healthy}"
        )
        unwell, limit = len(servers) - len(healthy), load_balancer.settings.max_down
        assert unwell <= limit * len(servers), f"{load_balancer.name}: {pool.name}: {unwell} of {len(servers)} unwell"
        zones = {pool.zones.get(one.name, one.zone) for one in healthy} - {""}
        assert len(zones) != 1, f"{load_balancer.name}: {pool.name} is healthy in one zone only"


@pytest.mark.checklist(id="INF-NET-1")
def test_health_checks_ask_the_application(load_balancer, evidence):
    pools = [pool for pool in load_balancer.settings.pools if pool.check != "passive"]
    if not pools:
        evidence(observed="learns from failed requests only, as the inventory says", expected="any check", inspected=1)
        return
    if not load_balancer.facts.checks_itself:
        not_verified(
            f"{load_balancer.name}: its servers were asked past it, which does not show what it checks; open-source"
            " nginx checks nothing: write check: passive for its pools if that is accepted"
        )
    checks = {(pool.name, one.name): one.check for pool in pools for one in load_balancer.servers(pool.name)}
    evidence(
        observed=", ".join(f"{pool}/{server} {check or 'unchecked'}" for (pool, server), check in checks.items()),
        expected="every server is checked, at the layer that the inventory asks for",
        inspected=len(checks),
    )
    for pool in pools:
        deep_enough = ("L7",) if pool.check == "L7" else ("L4", "L6", "L7")
        own = {name: check for (owner, name), check in checks.items() if owner == pool.name}
        shallow = [name for name, check in own.items() if not check.startswith(deep_enough)]
        assert not shallow, f"{load_balancer.name}: {pool.name}: no {pool.check} health check of {', '.join(shallow)}"


@pytest.mark.checklist(id="INF-NET-1")
def test_front_ends_are_open_and_plain_http_leads_to_https(load_balancer, evidence):
    facts, front_ends, url = load_balancer.facts, load_balancer.facts.frontends, load_balancer.settings.http_url
    answer = load_balancer.session.get(url, allow_redirects=False)
    location = answer.headers.get("Location", "")
    evidence(
        observed=f"{len(front_ends) or 'no known'} front ends; {url} answers {answer.status_code} {location}".strip(),
        expected="all OPEN, with an access log; 301 or 308 to https:// of the same host",
        inspected=len(front_ends) + 1,
    )
    assert facts.access_log is not False, f"{load_balancer.name}: writes no access log"
    closed = [name for name in load_balancer.settings.frontends or front_ends if front_ends.get(name) != "OPEN"]
    assert not closed, f"{load_balancer.name}: front ends not open: {', '.join(closed)}"
    assert answer.status_code in {301, 308}, f"{load_balancer.name}: {url} answers {answer.status_code}, not 301 or 308"
    leads_to, wanted = urlsplit(location), ("https", urlsplit(url).hostname)
    assert (leads_to.scheme, leads_to.hostname) == wanted, (
        f"{load_balancer.name}: {url} leads to {location or 'nothing'}"
    )


@pytest.mark.checklist(id="INF-NET-1")
def test_every_healthy_server_gets_traffic(load_balancer, evidence):
    spread = load_balancer.settings.spread
    answered = Counter(load_balancer.who_answers() for _ in range(spread.requests))
    healthy = {spread.names.get(one.name, one.name) for one in load_balancer.facts.backends[spread.pool].healthy}
    evidence(
        observed=", ".join(f"{name} {count}" for name, count in sorted(answered.items())),
        expected=f"each of {', '.join(sorted(healthy))} answers some of {spread.requests} requests, nobody else does",
        inspected=sum(answered.values()),
    )
    if "" in answered:
        not_verified(f"{load_balancer.name}: {spread.url} does not say which server answers; name its header or field")
    idle, strangers = healthy - answered.keys(), answered.keys() - healthy
    assert not idle, f"{load_balancer.name}: no traffic for {', '.join(sorted(idle))}"
    assert not strangers, (
        f"{load_balancer.name}: answered by {', '.join(sorted(strangers))}, not healthy in {spread.pool}"
    )


@pytest.mark.checklist(id="INF-NET-4")
def test_every_name_server_has_the_expected_records(zone, evidence):
    expected = zone.expected()
    authoritative = zone.ask(expected)
    answers = (*authoritative, *zone.ask(expected, resolvers=True))
    wrong = [
        f"{answer.server}: {answer.question} is {', '.join(sorted(answer.values)) or answer.rcode}"
        for answer in answers
        if answer.values != expected[answer.question]
    ]
    evidence(
        observed="; ".join(wrong) or f"{len(answers)} answers equal the inventory",
        expected="; ".join(f"{question} {', '.join(sorted(values))}" for question, values in expected.items()),
        inspected=len(answers),
    )
    assert not wrong, f"{zone.name}: {'; '.join(wrong)}"
    lame = sorted({answer.server for answer in authoritative if not answer.authoritative})
    assert not lame, f"{zone.name}: not authoritative for the zone: {', '.join(lame)}"


@pytest.mark.checklist(id="INF-NET-4")
def test_name_servers_agree_on_the_zone(zone, evidence):
    start, delegated = zone.ask_about_itself("SOA"), zone.ask_about_itself("NS")
    evidence(
        observed="; ".join(f"{server}: {', '.join(values) or 'none'}" for server, values in start.items()),
        expected="one SOA record, and NS records for exactly the servers of the inventory",
        inspected=len(start),
    )
    without = [server for server, values in start.items() if not values]
    assert not without, f"{zone.name}: no SOA record on {', '.join(without)}"
    serials = {server: next(iter(values)).split()[2] for server, values in start.items()}
    assert len(set(serials.values())) == 1, f"{zone.name}: serials differ: {serials}"
    listed = {f"{server.name.rstrip('.').lower()}." for server in zone.settings.servers}
    wrong = {server: sorted(names) for server, names in delegated.items() if names != listed}
    assert not wrong, f"{zone.name}: NS records differ from the inventory's {sorted(listed)}: {wrong}"


@pytest.mark.checklist(id="INF-NET-4")
def test_dns_can_be_repointed_in_time(zone, evidence):
    names, limit = zone.settings.cutover_names, int(zone.settings.ttl_max.total_seconds())
    answers = zone.ask(question for question in zone.expected() if question.name in names)
    longest = max((answer.ttl or 0 for answer in answers), default=0)
    evidence(observed=f"longest TTL {longest} s", expected=f"<= {limit} s", inspected=len(answers))
    missing = [f"{answer.server}: {answer.question}" for answer in answers if answer.ttl is None]
    assert not missing, f"{zone.name}: no record: {', '.join(missing)}"
    slow = [f"{answer.server}: {answer.question} {answer.ttl} s" for answer in answers if (answer.ttl or 0) > limit]
    assert not slow, f"{zone.name}: TTL above {limit} s: {', '.join(slow)}"


@pytest.mark.checklist(id="INF-NET-4")
def test_only_named_authorities_may_issue_certificates(zone, evidence):
    accepted = set(zone.settings.caa)
    records = zone.ask_about_itself("CAA")
    issuers = {server: {one.split('"')[1] for one in values if " issue" in one} for server, values in records.items()}
    evidence(
        observed="; ".join(f"{server}: {', '.join(sorted(names)) or 'none'}" for server, names in issuers.items()),
        expected=f"CAA records for {', '.join(sorted(accepted)) or 'some authority'} only",
        inspected=len(issuers),
    )
    open_for_all = [server for server, names in issuers.items() if not names]
    assert not open_for_all, f"{zone.name}: any authority may issue, by {', '.join(open_for_all)}"
    others = sorted(set().union(*issuers.values()) - accepted) if accepted else []
    assert not others, f"{zone.name}: may also issue: {', '.join(others)}"


@pytest.mark.checklist(id="INF-NET-4")
def test_signatures_of_the_zone_hold(zone, evaluated_at, evidence):
    servers, limit = zone.signatures(evaluated_at), zone.settings.signature_remaining
    unsigned = [one.server for one in servers if not one.keys]
    evidence(
        observed="; ".join(
            f"{one.server}: {one.verified} signed record sets, first expiry {one.expires:%Y-%m-%d}"
            if one.expires
            else f"{one.server}: {'not signed' if not one.keys else 'no good signature'}"
            for one in servers
        ),
        expected=f"every record set signed for >= {limit.days} days, the keys vouched for by the parent"
        if zone.settings.signed
        else "not signed anywhere, as the inventory says, or else signed well everywhere",
        inspected=len(servers),
    )
    if len(unsigned) == len(servers) and not zone.settings.signed:
        return
    assert not unsigned, f"{zone.name}: not signed on {', '.join(unsigned)}"
    wrong = [f"{one.server}: {text}" for one in servers for text in one.wrong]
    assert not wrong, f"{zone.name}: {'; '.join(wrong)}"
    soon = [f"{one.server} {one.expires}" for one in servers if one.expires and one.expires - evaluated_at < limit]
    assert not soon, f"{zone.name}: signatures expire within {limit.days} days: {', '.join(soon)}"
    if not zone.parent_ds():
        if zone.settings.ds or zone.settings.resolvers:
            assert not zone.settings.signed, f"{zone.name}: signed, but its parent has no DS record: nobody verifies it"
        else:
            not_verified(f"{zone.name}: nothing tells the parent's DS records; name resolvers, or write ds")


@pytest.mark.checklist(id="INF-NET-4")
def test_names_that_records_point_to_exist(zone, evidence):
    targets = zone.targets()
    evidence(
        observed=", ".join(sorted(targets)) or "no record points to another name",
        expected="every name that a CNAME, MX, NS or SRV record points to has an address on every server asked",
        inspected=len(targets),
    )
    lost = [f"{name} on {server}" for name, by in targets.items() for server, found in by.items() if not found]
    assert not lost, f"{zone.name}: without an address: {', '.join(lost)}"


@pytest.mark.checklist(id="INF-NET-4")
def test_mail_in_our_name_is_protected(zone, evidence):
    if not zone.settings.mail:
        evidence(observed="covered by the zone above, as the inventory says", expected="SPF and DMARC", inspected=1)
        return
    mistakes = zone.mail_mistakes()
    evidence(
        observed="; ".join(f"{server}: {'; '.join(found) or 'SPF and DMARC'}" for server, found in mistakes.items()),
        expected=f"one SPF record that ends the list, one DMARC record: {' or '.join(zone.settings.dmarc_policies)}",
        inspected=len(mistakes),
    )
    wrong = [f"{server}: {'; '.join(found)}" for server, found in mistakes.items() if found]
    assert not wrong, f"{zone.name}: {'; '.join(wrong)}"


@pytest.mark.checklist(id="INF-NET-5")
def test_certificate_chain_and_name_are_trusted(endpoint, evidence):
    evidence(
        observed=", ".join(f"{one.address} {one.trust_error or 'trusted'}" for one in endpoint.addresses),
        expected=f"a trusted chain for {endpoint.settings.name} on every address",
        inspected=len(endpoint.addresses),
    )
    wrong = [f"{one.address}: {one.trust_error}" for one in endpoint.addresses if one.trust_error]
    assert not wrong, f"{endpoint.name}: {'; '.join(wrong)}"


@pytest.mark.checklist(id="INF-NET-5")
def test_certificates_stay_valid_and_strong(endpoint, evaluated_at, evidence):
    chains = [(one.address, certificate) for one in endpoint.addresses for certificate in one.chain]
    limit = endpoint.settings.min_remaining
    shortest = min(certificate.remaining(evaluated_at) for _, certificate in chains)
    evidence(
        observed=f"first expiry in {shortest.days} days",
        expected=f">= {limit.days} days, leaf and intermediates",
        inspected=len(chains),
    )
    for address, certificate in chains:
        days = certificate.remaining(evaluated_at).days
        assert certificate.remaining(evaluated_at) >= limit, (
            f"{endpoint.name}: {address}: {certificate.subject} expires in {days} days, limit is {limit.days}"
        )
        assert not certificate.weakness, f"{endpoint.name}: {address}: {certificate.subject}: {certificate.weakness}"


@pytest.mark.checklist(id="INF-NET-5")
def test_old_tls_is_refused(endpoint, evidence):
    least = endpoint.settings.min_version
    evidence(
        observed=", ".join(f"{one.address} {one.protocol}" for one in endpoint.addresses),
        expected=f"{least} or better, nothing below TLSv1.2",
        inspected=len(endpoint.addresses),
    )
    for one in endpoint.addresses:
        assert one.protocol >= least, (
            f"{endpoint.name}: {one.address}: best protocol is {one.protocol}, limit is {least}"
        )
        assert not one.below_tls12, f"{endpoint.name}: {one.address} still accepts {one.below_tls12}"
    if any(one.below_tls12 is None for one in endpoint.addresses):
        not_verified(f"{endpoint.name}: this machine's TLS library cannot ask for TLS 1.0; run the check elsewhere")


@pytest.mark.checklist(id="INF-NET-5")
def test_browsers_are_told_to_stay_on_https(endpoint, browser_answer, evidence):
    limit = endpoint.settings.hsts_min_age
    evidence(expected=f"Strict-Transport-Security with max-age >= {limit.days} days", inspected=1)
    if browser_answer is None:
        evidence(observed="speaks no HTTP, as the inventory says")
        return
    hsts = parse_hsts(browser_answer.headers.get("Strict-Transport-Security"))
    evidence(observed=f"max-age {hsts.max_age.days} days" if hsts else "no valid Strict-Transport-Security")
    assert hsts is not None, f"{endpoint.name}: {endpoint.settings.url} sends no valid Strict-Transport-Security"
    assert hsts.max_age >= limit, f"{endpoint.name}: HSTS max-age is {hsts.max_age.days} days, limit is {limit.days}"
