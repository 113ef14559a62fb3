"""Web interface: clean in every browser, at home on every screen, open to everybody, and fast."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="SW-WEB-1")
def test_pages_are_clean_in_every_browser(pages, seen, evidence):
    ignored = pages.settings.ignore_errors
    evidence(
        observed="; ".join([_summary(look) for look in seen.looks] + seen.absent)
        + f"; screenshots: {pages.screenshots(seen.looks) or 'none'}",
        expected="each page complete in each browser, without an error and without a request that fails",
        inspected=len(seen.looks),
    )
    broken = [f"{look.place}: {problem}" for look in seen.looks for problem in _problems(look, ignored)]
    assert not broken, f"{pages.name}: {'; '.join(broken[:10])}"
    if seen.absent:
        not_verified(f"{pages.name}: {'; '.join(seen.absent)}")


@pytest.mark.checklist(id="SW-WEB-1")
def test_other_browsers_were_tried_elsewhere(target, elsewhere, evidence):
    runs = [run for one in elsewhere for run in one.runs]
    evidence(
        observed=", ".join(map(str, runs)) or "every browser that the pages are meant for is started here",
        expected="tests of this release passed in each browser that is not started here",
        inspected=len(target.settings.browsers),
    )
    failed = [f"{run.browser} {run.version}: {', '.join(run.failures[:5])}" for run in runs if run.failures]
    assert not failed, f"{target.name}: failed in {'; '.join(failed)}"
    if doubts := [f"{one.browser.name}: {one.doubts}" for one in elsewhere if one.doubts]:
        not_verified(f"{target.name}: {'; '.join(doubts)}")


@pytest.mark.checklist(id="SW-WEB-2")
def test_pages_fit_every_screen(pages, on_screens, evidence):
    evidence(
        observed=", ".join(f"{look.page} on {look.viewport.name}: {look.layout.overflow:g} px" for look in on_screens)
        + f"; screenshots: {pages.screenshots(on_screens)}",
        expected="no page wider than its screen (1 px), each declared as wide as the device",
        inspected=len(on_screens),
    )
    wide = [
        f"{look.page} is {look.layout.overflow:g} px too wide on {look.viewport.name}: {_widest(look)}"
        for look in on_screens
        if look.layout.overflow > 1
    ]
    assert not wide, f"{pages.name}: {'; '.join(wide)}"
    undeclared = sorted({look.page for look in on_screens if not look.layout.adapts})
    assert not undeclared, f"{pages.name}: no <meta name=viewport> with width=device-width: {', '.join(undeclared)}"
    if broken := [look.place for look in on_screens if not look.shown or look.status >= 400]:
        not_verified(f"{pages.name}: not complete: {', '.join(broken)}; mend the pages first")


@pytest.mark.checklist(id="SW-WEB-2")
def test_what_is_touched_is_large_enough(pages, on_screens, evaluated_at, evidence):
    touched = [look for look in on_screens if look.viewport.touch]
    excused = tuple(one.element for one in pages.settings.small_targets if evaluated_at < one.until)
    evidence(
        observed=f"{sum(look.layout.targets for look in touched)} things to touch on {len(touched)} pages and screens",
        expected="24 by 24 CSS px, or room for a circle of 24 (WCAG 2.2, 2.5.8)",
        inspected=sum(look.layout.targets for look in touched),
    )
    small = [
        f"{look.page} on {look.viewport.name}: {each}"
        for look in touched
        for each in look.layout.small
        if not str(each).startswith(excused or ("\0",))
    ]
    assert not small, f"{pages.name}: too small: {', '.join(small[:10])}"


@pytest.mark.checklist(id="SW-WEB-3")
def test_pages_have_no_barrier(pages, examined, evaluated_at, evidence):
    settings, found = pages.settings.accessibility, [look.accessibility for look in examined]
    excused = {one.id for one in settings.accepted if evaluated_at < one.until}
    undecided = sorted({f"{each.rule}: {each.example}" for one in found for each in one.undecided})
    evidence(
        observed=f"axe-core {found[0].version}: {sum(one.passed for one in found)} rules passed; "
        f"for people to judge: {'; '.join(undecided) or 'nothing'}",
        expected=f"no {' or '.join(settings.impacts)} violation of WCAG 2.1 A and AA; people attest the rest",
        inspected=sum(one.passed + len(one.violations) for one in found),
    )
    barriers = [
        f"{look.page} on {look.viewport.name}: {each}"
        for look in examined
        for each in look.accessibility.violations
        # What axe-core gives no impact counts as the worst.
        if (each.impact or "critical") in settings.impacts and each.rule not in excused
    ]
    assert not barriers, f"{pages.name}: {'; '.join(barriers[:10])}"
    for look, one in zip(examined, found, strict=True):
        if one.passed < settings.min_rules or not look.shown or look.status >= 400:
            not_verified(f"{look.place}: status {look.status}, {one.passed} rules applied; is the page complete?")


@pytest.mark.checklist(id="SW-WEB-4")
def test_pages_are_painted_in_time(pages, paces, evidence):
    limits = pages.settings.vitals
    evidence(
        observed=", ".join(map(str, paces)),
        expected=f"LCP at most {limits.lcp_seconds:g} s, CLS at most {limits.cls:g}",
        inspected=len(paces),
    )
    late = [pace for pace in paces if pace.lcp_seconds > limits.lcp_seconds]
    assert not late, f"{pages.name}: LCP over {limits.lcp_seconds:g} s: {', '.join(map(str, late))}"
    moving = [pace for pace in paces if pace.cls > limits.cls]
    assert not moving, f"{pages.name}: CLS over {limits.cls:g}: {', '.join(map(str, moving))}"


@pytest.mark.checklist(id="SW-WEB-4")
def test_pages_answer_their_users_in_time(pages, paces, evidence):
    limit = pages.settings.vitals.inp_seconds
    evidence(
        observed=", ".join(f"{pace.page}: {_waiting(pace)}" for pace in paces),
        expected=f"INP of users at most {limit:g} s, or a page without code of its own",
        inspected=len(paces),
    )
    slow = [str(pace) for pace in paces if pace.inp_seconds is not None and pace.inp_seconds > limit]
    assert not slow, f"{pages.name}: INP over {limit:g} s: {', '.join(slow)}"
    if untold := [pace.page for pace in paces if pace.inp_seconds is None and pace.handles_input]:
        not_verified(
            f"{pages.name}: nobody tells how long users of {', '.join(untold)} wait (INP has no value without users);"
            " name the metrics of real visits in vitals.field"
        )


def _summary(look):
    return f"{look.place}: status {look.status}, {len(look.errors)} errors, {len(look.failed)} failed requests" + (
        f", not let out: {', '.join(map(str, look.blocked[:3]))}" if look.blocked else ""
    )


def _problems(look, ignored):
    if look.status >= 400 or not look.status:
        yield f"status {look.status or 'unknown'}"
    if not look.shown:
        yield "its key element does not appear"
    yield from (text for text in look.errors if not any(part in text for part in ignored))
    yield from (str(request) for request in look.failed)


def _widest(look):
    return (
        f"{look.layout.wide[0].element} ({look.layout.wide[0].beyond:g} px)" if look.layout.wide else "no element alone"
    )


def _waiting(pace):
    if pace.inp_seconds is not None:
        return f"INP {pace.inp_seconds:.3f} s of {pace.samples} visits"
    return "no user tells" if pace.handles_input else "no code of its own"
