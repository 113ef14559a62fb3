"""Answers ahead of questions never differ from asking: made-up hosts, tests and memories."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.transport.ahead.ahead import STALE_AFTER, Ahead
from signoff.transport.ahead.channel import AheadChannel
from signoff.transport.ahead.upcoming import Asker
from tests.transport.ahead.conftest import FILES, HOSTS, Channel, Clock, World, ask

READS = st.sampled_from([f"cat -- {name}" for name in (*FILES, *FILES, "absent", "slow", "cut", "binary")])
CHANGES = st.builds("write {} {} {}".format, st.sampled_from(HOSTS), st.sampled_from(FILES), st.sampled_from("xyz"))
REMOVALS = st.builds("remove {} {}".format, st.sampled_from(HOSTS), st.sampled_from(FILES))
QUESTIONS = st.tuples(st.sampled_from(HOSTS), READS | READS | READS | READS | CHANGES | REMOVALS)
TESTS = st.tuples(
    st.builds(Asker, st.sampled_from(["p", "q", "r", "s"]), st.sampled_from(HOSTS)),
    st.lists(QUESTIONS, min_size=1, max_size=5),
)
KNOWN = st.dictionaries(
    st.builds(Asker, st.sampled_from(["p", "q", "r", "s"]), st.sampled_from(HOSTS)),
    st.dictionaries(st.sampled_from(HOSTS), st.lists(READS | CHANGES, max_size=4).map(tuple), max_size=3),
)


@settings(max_examples=300, deadline=None)
@given(
    run=st.lists(TESTS, min_size=2, max_size=8),
    remembered=st.lists(st.sampled_from([True, True, True, False]), min_size=8, max_size=8),
    wrong=KNOWN,
    pauses=st.lists(st.sampled_from([0.0, 0.0, 1.0, STALE_AFTER]), min_size=8, max_size=8),
    window=st.sampled_from([1, 2, 5_000]),
    learns=st.booleans(),
    lost=st.sets(st.sampled_from(HOSTS), max_size=1),
)
def test_results_are_the_same_with_answers_ahead_and_without(  # noqa: PLR0913, PLR0917 - a case has many sides
    run: list[tuple[Asker, list[tuple[str, str]]]],
    remembered: list[bool],
    wrong: dict[Asker, dict[str, tuple[str, ...]]],
    pauses: list[float],
    window: int,
    learns: bool,
    lost: set[str],
) -> None:
    plain, clever, clock = World(), World(), Clock()
    plain.lost = clever.lost = lost
    direct = {host: Channel(plain, host) for host in HOSTS}
    ahead = Ahead(window=window, clock=clock)
    channels = {host: Channel(clever, host, late=host == "b") for host in HOSTS}
    remembering = {host: AheadChannel(host, channel, ahead) for host, channel in channels.items()}
    known = wrong | {
        test: {host: tuple(text for at, text in questions if at == host) for host in HOSTS}
        for (test, questions), is_known in zip(run, remembered, strict=False)
        if is_known
    }
    ahead.expect([test for test, _ in run], known)
    for host, channel in channels.items():
        ahead.attach(host, channel)

    for (test, questions), pause in zip(run, pauses, strict=False):
        ahead.begin(test)
        for host, text in questions:
            for channel in channels.values():
                channel.release()
            assert ask(remembering[host], text) == ask(direct[host], text), (test, host, text)
        asked = ahead.end()
        if learns:
            for host in HOSTS:
                texts = tuple(asked.questions.get(test.target, ()))
                ahead.know({Asker(test.check, host): {host: texts}})
        clock.now += pause

    assert plain.files == clever.files
    assert {text for _, texts in clever.batches for text in texts if not text.startswith("cat ")} == set()
