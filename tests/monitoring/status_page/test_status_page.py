"""Status page: it stands when the product does not, tells about every service, and can be trusted."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="MON-SYS-4")
def test_status_page_is_independent_of_the_product(places, evidence):
    from signoff.probes.products.status_page import domain_of, shared_networks

    own = [address for found in places.page.values() for address in found]
    product = [address for found in places.product.values() for address in found]
    evidence(
        observed=f"page {places.page}, product {places.product}",
        expected="another domain, and no address in the product's networks",
        inspected=len(own) if product else 0,
    )
    domains = {domain_of(host) for host in places.page} & {domain_of(host) for host in places.product}
    assert not domains, f"{places.name}: has the product's own domain {', '.join(domains)}"
    shared = shared_networks(own, product)
    assert not shared, f"{places.name}: stands in the product's network {', '.join(shared)}"


@pytest.mark.checklist(id="MON-SYS-4")
def test_status_page_tells_about_every_service(told, evidence):
    there = {one.name: one.status for one in told.page.components}
    evidence(
        observed=f"{told.page.name}: {', '.join(f'{name} {status}' for name, status in there.items())}",
        expected=", ".join(f"{component} for {service}" for service, component in told.wanted.items()),
        inspected=len(told.wanted),
    )
    missing = [f"{component} for {service}" for service, component in told.wanted.items() if component not in there]
    assert not missing, f"{told.name}: tells nothing about {', '.join(missing)}"
    down = [f"{name} ({there[name]})" for name in told.wanted.values() if there[name] != "operational"]
    assert not down, f"{told.name}: does not call everything operational: {', '.join(down)}"
    if told.untold:
        not_verified(f"{told.name}: no component is named for {', '.join(told.untold)}; add them to components")


@pytest.mark.checklist(id="MON-SYS-4")
def test_status_page_can_be_trusted(target, page_tls, evaluated_at, evidence):
    days = {one.address: (one.chain[0].not_after - evaluated_at).days for one in page_tls if one.chain}
    evidence(
        observed=", ".join(f"{one.address} {one.protocol}, {one.trust_error or 'trusted'}" for one in page_tls)
        + f", days left: {', '.join(map(str, days.values()))}",
        expected=f"trusted, >= {target.settings.min_days} days left",
        inspected=len(page_tls),
    )
    for one in page_tls:
        assert not one.trust_error, f"{target.name}: {one.address}: {one.trust_error}"
        left = days.get(one.address, -1)
        assert left >= target.settings.min_days, (
            f"{target.name}: {one.address}: certificate ends in {left} days, limit is {target.settings.min_days}"
        )
