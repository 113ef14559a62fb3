"""Accounts: who may sign in and how, which keys are out, who may do everything, and sessions that end."""

from fnmatch import fnmatch

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="SEC-AUTH-1")
def test_identity_provider_is_sound(target, provider, evaluated_at, evidence):
    settings = target.settings
    evidence(
        observed=f"{provider.issuer}: signs with {', '.join(provider.algorithms)}; keys: "
        + ", ".join(f"{key.kind} {key.bits}" for key in provider.keys),
        expected=f"https, no algorithm `none`, young keys of {settings.min_rsa_bits} bits (RSA) or 256 (curves)",
        inspected=len(provider.keys),
    )
    assert provider.issuer == settings.issuer, f"{target.name}: calls itself {provider.issuer}"
    plain = sorted(url for url in provider.endpoints.values() if not url.startswith("https://"))
    assert not plain, f"{target.name}: not https: {', '.join(plain)}"
    weak = sorted({"none", "HS256", "HS384", "HS512"} & set(provider.algorithms))
    assert not weak, f"{target.name}: accepts {', '.join(weak)}: anybody could sign"
    for key in provider.keys:
        assert not key.has_private_part, f"{target.name}: publishes a key's secret part"
        least = settings.min_rsa_bits if key.kind == "RSA" else 256
        assert key.bits >= least, f"{target.name}: a {key.kind} key of {key.bits} bits, at least {least}"
        age = evaluated_at - key.since if key.since else None
        assert age is None or age <= settings.key_max_age, (
            f"{target.name}: a key of {age.days} days, {settings.key_max_age.days} at most"
        )


@pytest.mark.checklist(id="SEC-AUTH-1")
def test_account_rules_are_strict(target, realm, evidence):
    settings = target.settings
    evidence(
        observed=f"passwords of {realm.min_password} characters, locked after {realm.locks_after or 'no'} attempts, "
        f"second factor {'for everybody' if realm.needs_second_factor else 'not for everybody'}, "
        f"sessions end after {realm.session_idle} unused and {realm.session_lifetime} in all",
        expected=f"{settings.min_password} characters, {settings.locks_after} attempts, "
        f"{settings.session_idle} and {settings.session_lifetime}",
        inspected=1,
    )
    assert realm.needs_https, f"{target.name}: accounts may sign in without https"
    assert realm.min_password >= settings.min_password, (
        f"{target.name}: passwords of {realm.min_password} characters, at least {settings.min_password}"
    )
    assert 0 < realm.locks_after <= settings.locks_after, (
        f"{target.name}: locks after {realm.locks_after or 'any number of'} attempts, {settings.locks_after} at most"
    )
    assert realm.needs_second_factor or not settings.second_factor, f"{target.name}: a password alone is enough"
    assert realm.session_idle <= settings.session_idle, f"{target.name}: sessions live {realm.session_idle} unused"
    assert realm.session_lifetime <= settings.session_lifetime, f"{target.name}: sessions live {realm.session_lifetime}"


@pytest.mark.checklist(id="SEC-AUTH-1")
def test_console_users_need_a_second_factor(target, credential_report, evidence):
    without = sorted(set(credential_report.without_second_factor) - set(target.settings.without_second_factor))
    evidence(
        observed=f"without: {', '.join(without) or 'nobody'}", expected="nobody", inspected=credential_report.users
    )
    assert not without, f"{target.name}: a password alone opens {', '.join(without)}"


@pytest.mark.checklist(id="SEC-AUTH-2")
def test_aws_keys_are_young_and_used(target, credential_report, evaluated_at, evidence):
    settings, keys = target.settings, credential_report.keys
    evidence(
        observed=", ".join(f"{key}: {(evaluated_at - key.since).days} d" for key in keys) or "no active key",
        expected=f"at most {settings.max_age.days} days old, used within {settings.unused.days} days, none of root",
        inspected=credential_report.users,
    )
    for key in keys:
        age, last = evaluated_at - key.since, evaluated_at - (key.last_used or key.since)
        assert key.user != "<root_account>", f"{target.name}: the root account has a key"
        assert age <= settings.max_age, f"{target.name}: {key} is {age.days} days old, {settings.max_age.days} at most"
        assert last <= settings.unused, (
            f"{target.name}: {key} is unused for {last.days} days, {settings.unused.days} at most"
        )


@pytest.mark.checklist(id="SEC-AUTH-2")
def test_issued_keys_are_owned_and_young(target, issued_keys, evaluated_at, evidence):
    limit = target.settings.max_age
    oldest = max(evaluated_at - key.issued_at for key in issued_keys)
    evidence(
        observed=f"{len(issued_keys)} keys, the oldest {oldest.days} days old",
        expected=f"each owned, at most {limit.days} days old",
        inspected=len(issued_keys),
    )
    orphans = [key.name for key in issued_keys if not key.owner.strip()]
    assert not orphans, f"{target.name}: nobody owns {', '.join(orphans[:10])}"
    old = [
        f"{key.name} ({(evaluated_at - key.issued_at).days} d)"
        for key in issued_keys
        if evaluated_at - key.issued_at > limit
    ]
    assert not old, f"{target.name}: older than {limit.days} days: {', '.join(old[:10])}"


@pytest.mark.checklist(id="SEC-AUTH-3")
def test_database_roles_are_as_listed(target, privileges, evidence):
    allowed, roles = target.settings.roles, privileges.roles
    evidence(
        observed=f"superusers: {', '.join(role.name for role in roles if role.superuser)}; "
        f"may sign in: {', '.join(role.name for role in roles if role.login)}; "
        f"open to all: {', '.join(privileges.open_to_all) or 'nothing'}",
        expected=f"superusers: {', '.join(allowed.superusers)}; may sign in: {', '.join(allowed.login)}",
        inspected=len(roles),
    )
    mighty = [role.name for role in roles if role.superuser and role.name not in allowed.superusers]
    assert not mighty, f"{target.name}: superusers that nobody listed: {', '.join(mighty)}"
    people = [role.name for role in roles if role.login and role.name not in allowed.login]
    assert not people, f"{target.name}: may sign in and are not listed: {', '.join(people)}"
    powers = [
        f"{role.name}: {power}"
        for role in roles
        if not role.superuser
        for power in role.powers
        if power not in allowed.powers.get(role.name, ())
    ]
    assert not powers, f"{target.name}: powers that nobody listed: {', '.join(powers)}"
    open_ = [place for place in privileges.open_to_all if place not in allowed.open_to_all]
    assert not open_, f"{target.name}: everybody may create objects in {', '.join(open_)}"


@pytest.mark.checklist(id="SEC-AUTH-3")
def test_sudo_rules_are_as_listed(target, sudo_rules, evidence):
    evidence(
        observed="; ".join(f"{host}: {', '.join(map(str, rules))}" for host, rules in sudo_rules.items()),
        expected="root itself, and what the inventory lists",
        inspected=sum(map(len, sudo_rules.values())),
    )

    def is_listed(rule):
        return any(
            rule.who == one.who
            and fnmatch(rule.runs_as, one.runs_as if one.runs_as != "ALL" else "*")
            and any(fnmatch(rule.command, pattern) for pattern in one.commands)
            and (rule.needs_password or one.without_password)
            for one in target.settings.allowed
        )

    more = [
        f"{host}: {rule}"
        for host, rules in sudo_rules.items()
        for rule in rules
        if rule.who not in {"root", "#0"} and not is_listed(rule)
    ]
    assert not more, f"{target.name}: permissions that nobody listed: {'; '.join(more)}"


@pytest.mark.checklist(id="SEC-AUTH-4")
def test_sessions_end_by_themselves(target, lifetimes, evidence):
    limit = target.settings.lives
    evidence(
        observed=f"{lifetimes.endless} of {lifetimes.looked_at} never end, the others within {lifetimes.longest}",
        expected=f"all within {limit}",
        inspected=lifetimes.looked_at,
    )
    assert not lifetimes.endless, f"{target.name}: {lifetimes.endless} of {lifetimes.looked_at} sessions never end"
    assert lifetimes.longest <= limit, f"{target.name}: a session lives {lifetimes.longest} more, limit is {limit}"


@pytest.mark.checklist(id="SEC-AUTH-4")
def test_kept_session_has_ended(target, revisited, evidence):
    evidence(
        observed=f"{revisited.answer}; opened {revisited.age} ago, not used for {revisited.unused}",
        expected=f"refused after {target.settings.after} ({target.settings.ends})",
        inspected=1,
    )
    assert not revisited.answer.shown, (
        f"{target.name}: a session opened {revisited.age} ago and not used for {revisited.unused} still opens "
        f"{revisited.answer}, limit is {target.settings.after}"
    )
    if not revisited.answer.refused:
        not_verified(f"{target.name}: neither shown nor refused: {revisited.answer}; correct private_path")
