"""Authentication and authorisation: closed to strangers, each role within its bounds, sessions that end."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="SEC-AUTH-1")
def test_protected_paths_are_closed_to_strangers(access, evidence):
    stranger = access.stranger()
    answers = [stranger.ask(path) for path in access.rules.protected]
    evidence(observed=", ".join(map(str, answers)), expected="401, 403 or a redirect", inspected=len(answers))
    shown = [str(answer) for answer in answers if answer.shown]
    assert not shown, f"{access.name}: shown to anybody: {', '.join(shown)}"
    if unclear := [str(answer) for answer in answers if not answer.refused]:
        not_verified(f"{access.name}: neither shown nor refused: {', '.join(unclear)}; correct the path")


@pytest.mark.checklist(id="SEC-AUTH-2")
def test_api_key_is_owned_and_young(target, issued_at, inventory, evaluated_at, evidence):
    age, key = evaluated_at - issued_at, target.settings
    evidence(
        observed=f"{age.days} days old, owned by {key.owner}",
        expected=f"at most {key.max_age.days} days old, owned by somebody on the roster",
        inspected=1,
    )
    assert key.owner in {person.name for person in inventory.policy.roster}, f"{target.name}: nobody known owns it"
    assert age <= key.max_age, f"{target.name}: {age.days} days old, limit is {key.max_age.days}"


@pytest.mark.checklist(id="SEC-AUTH-2")
def test_revoked_key_opens_nothing(target, answer_to_revoked_key, evidence):
    status = answer_to_revoked_key.status_code
    evidence(observed=status, expected="401 or 403", inspected=1)
    assert not 200 <= status < 300, f"{target.name}: the revoked key still opens {target.settings.url}"
    if status not in {401, 403}:
        not_verified(f"{target.name}: answered {status}; name an address that a valid key opens")


@pytest.mark.checklist(id="SEC-AUTH-2")
def test_no_key_travels_in_addresses(target, logged_keys, evidence):
    evidence(
        observed=f"{logged_keys.hits} of {logged_keys.lines} log lines", expected="none", inspected=logged_keys.lines
    )
    assert not logged_keys.hits, f"{target.name}: keys in logged addresses, such as {', '.join(logged_keys.places)}"


@pytest.mark.checklist(id="SEC-AUTH-3")
def test_each_role_sees_what_it_may_and_no_more(access, evidence):
    allowed = {(identity, rule.path) for rule in access.rules.matrix for identity in rule.allow}
    seen = access.seen_by_everybody()
    evidence(
        observed="; ".join(f"{identity}: {answer}" for (identity, _), answer in seen.items()),
        expected="shown to " + "; ".join(f"{identity}: {path}" for identity, path in sorted(allowed)),
        inspected=len(seen),
    )
    too_much = [
        f"{who} sees {path}" for (who, path), answer in seen.items() if answer.shown and (who, path) not in allowed
    ]
    assert not too_much, f"{access.name}: {', '.join(too_much)}"
    too_little = [f"{who}: {seen[who, path]}" for who, path in sorted(allowed) if not seen[who, path].shown]
    assert not too_little, f"{access.name}: refused to {', '.join(too_little)}"


@pytest.mark.checklist(id="SEC-AUTH-3")
def test_objects_of_others_are_closed(access, evidence):
    tried = []
    for rule in access.rules.objects:
        path = rule.path.format(id=access.visitor(rule.owner).find(rule.listing, rule.id_at))
        tried.append((access.visitor(rule.owner).ask(path), access.visitor(rule.stranger).ask(path)))
    evidence(
        observed="; ".join(f"owner: {mine}, stranger: {theirs}" for mine, theirs in tried),
        expected="shown to its owner, closed to everybody else",
        inspected=len(tried),
    )
    assert all(mine.shown for mine, _ in tried), f"{access.name}: closed to its own owner"
    leaked = [theirs.path for _, theirs in tried if theirs.shown]
    assert not leaked, f"{access.name}: shown to a stranger: {', '.join(leaked)}"


@pytest.mark.checklist(id="SEC-AUTH-4")
def test_session_cookie_is_protected(access, session_cookie, evidence):
    rules, cookie = access.session, session_cookie
    evidence(
        observed=f"{cookie.flags}; lifetime {cookie.lifetime or 'until the browser closes'}",
        expected=f"Secure, HttpOnly, SameSite={' or '.join(rules.same_site)}; lifetime <= {rules.max_age}",
        inspected=1,
    )
    assert cookie.secure, f"{access.name}: {cookie.name} lacks Secure"
    assert cookie.http_only, f"{access.name}: {cookie.name} lacks HttpOnly"
    assert cookie.same_site in rules.same_site, (
        f"{access.name}: {cookie.name} has SameSite={cookie.same_site or 'unset'}"
    )
    assert cookie.token_lifetime is None or cookie.token_lifetime <= rules.max_age, (
        f"{access.name}: the token in {cookie.name} lives {cookie.token_lifetime}, limit {rules.max_age}"
    )
    if cookie.lifetime is None:
        not_verified(f"{access.name}: {cookie.name} names no lifetime; set Max-Age, so that its end can be seen")
    assert cookie.lifetime <= rules.max_age, (
        f"{access.name}: {cookie.name} lives {cookie.lifetime}, limit {rules.max_age}"
    )


@pytest.mark.checklist(id="SEC-AUTH-4")
def test_session_ends_when_signing_out(access, evidence):
    visitor, _ = access.sign_in(access.session.identity)
    path = access.session.private_path
    before = visitor.ask(path)
    visitor.sign_out()
    after = visitor.ask(path)
    evidence(observed=f"before: {before}, after: {after}", expected="shown, then refused", inspected=2)
    if not before.shown:
        not_verified(f"{access.name}: {before} although signed in; correct private_path")
    assert after.refused, f"{access.name}: the old cookie still opens {after}"
