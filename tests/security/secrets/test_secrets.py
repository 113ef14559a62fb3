"""Secrets while programs run, in the eyes of a scanner, and in Vault."""

import pytest


@pytest.mark.checklist(id="SEC-CFG-4")
def test_no_secret_on_command_lines(target, running, evidence):
    evidence(
        observed=", ".join(map(str, running.shown))
        or f"none in {running.programs} command lines and the settings of {running.units} units",
        expected="nothing that any account of the host could read",
        inspected=running.programs,
    )
    assert not running.shown, f"{target.name}: every account can read a secret of {', '.join(map(str, running.shown))}"


@pytest.mark.checklist(id="SEC-CFG-4")
def test_scanner_found_no_secret_in_history(target, scanned, evidence):
    facts = scanned.facts
    evidence(
        observed=f"{len(facts.exposures)} findings by {facts.tool} {facts.version}, {len(scanned.open)} not replaced",
        expected="none, or replaced after it was committed",
        inspected=facts.inspected,
    )
    assert not scanned.open, f"{target.name}: {', '.join(map(str, scanned.open[:10]))}"


@pytest.mark.checklist(id="SEC-CFG-4")
def test_vault_is_sound(target, vault, evidence):
    health, token, settings = vault.health, vault.token, target.settings
    evidence(
        observed=f"Vault {health.version}, {'sealed' if health.sealed else 'unsealed'}; audit devices: "
        f"{', '.join(one.path for one in vault.devices) or 'none'}; the token's policies: "
        f"{', '.join(sorted(token.policies)) if token else 'unknown'}",
        expected=f"unsealed, {settings.audit_devices} audit devices, a token of little power that ends",
        inspected=1,
    )
    assert health.initialized, f"{target.name}: not initialized"
    assert not health.sealed, f"{target.name}: sealed: nobody gets a secret from it"
    assert len(vault.devices) >= settings.audit_devices, (
        f"{target.name}: {len(vault.devices)} audit devices, at least {settings.audit_devices} are asked for"
    )
    assert not token.is_root, f"{target.name}: asked with a root token"
    too_much = sorted(token.policies - set(settings.policies))
    assert not too_much, f"{target.name}: the token may more than it needs: {', '.join(too_much)}"
    assert token.lives, f"{target.name}: the token never ends"
    assert token.lives <= settings.token_lives, f"{target.name}: the token lives {token.lives}"
