"""Answers ahead of questions never differ from asking: properties over made-up hosts, tests and memories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError, SignoffError, TimedOutError, UnreachableError
from signoff.transport.ahead.ahead import SAME_MOMENT, STALE_AFTER, Ahead
from signoff.transport.ahead.channel import AheadChannel
from signoff.transport.ahead.upcoming import Asker, Upcoming
from signoff.transport.channel import Command, Completed, new_future

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

HOSTS = ("a", "b", "c")
FILES = ("one", "two")


class World:
    """What all hosts hold; commands may read it, and change it, also from one host to another."""

    def __init__(self) -> None:
        self.files = {(host, name): f"{host}:{name}" for host in HOSTS for name in FILES}
        self.lost: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.batches: list[tuple[str, tuple[str, ...]]] = []

    def answer(self, host: str, text: str) -> Completed:
        """Run one command."""
        if host in self.lost:
            raise UnreachableError(f"{host}: gone")
        program, *words = text.split()
        if program == "cat":
            return self._read(host, words[-1])
        if program == "write":
            self.files[words[0], words[1]] = words[2]
        elif program == "remove":
            self.files.pop((words[0], words[1]), None)
        return Completed(status=0, stdout=b"", stderr=b"")

    def _read(self, host: str, name: str) -> Completed:
        if name == "slow":
            raise TimedOutError(f"{host}: not done")
        if name == "cut":
            raise TimedOutError(f"{host}: cut off")
        if name == "binary":
            return Completed(status=0, stdout=b"\xff\xfe", stderr=b"")
        content = self.files.get((host, name))
        if content is None:
            return Completed(status=1, stdout=b"", stderr=b"No such file")
        return Completed(status=0, stdout=content.encode(), stderr=b"")


class Channel:
    """A host's channel that runs everything the moment it is sent; answers of batches may arrive later."""

    def __init__(self, world: World, host: str, *, late: bool = False) -> None:
        self._world, self._host, self._late = world, host, late
        self._held: list[tuple[Future[Completed], Completed | SignoffError]] = []

    def open(self) -> Future[None]:
        future: Future[None] = new_future()
        future.set_result(None)
        return future

    def submit(self, command: Command) -> Future[Completed]:
        self.release()
        self._world.asked.append((self._host, command.text))
        return self._ask(command.text)

    def submit_batch(self, texts: Sequence[str], limit: float) -> list[Future[Completed]]:
        del limit
        self._world.batches.append((self._host, tuple(texts)))
        if not self._late:
            return [self._ask(text, batch=True) for text in texts]
        futures: list[Future[Completed]] = [new_future() for _ in texts]
        self._held += [(future, self._now(text, batch=True)) for future, text in zip(futures, texts, strict=True)]
        return futures

    def release(self) -> None:
        """Let late answers arrive."""
        held, self._held = self._held, []
        for future, answer in held:
            _settle(future, answer)

    def close(self) -> None:
        """Nothing is open."""

    def _now(self, text: str, *, batch: bool = False) -> Completed | SignoffError:
        try:
            return self._world.answer(self._host, text)
        except TimedOutError as error:
            cut = Completed(status=124, stdout=b"", stderr=b"")
            return error if not batch else cut if text.endswith("cut") else NotVerifiedError("unclear")
        except SignoffError as error:
            return error

    def _ask(self, text: str, *, batch: bool = False) -> Future[Completed]:
        future: Future[Completed] = new_future()
        _settle(future, self._now(text, batch=batch))
        return future


def _settle(future: Future[Completed], answer: Completed | SignoffError) -> None:
    if isinstance(answer, Completed):
        future.set_result(answer)
    else:
        future.set_exception(answer)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ask(channel: object, text: str) -> object:
    """Return the answer, or the error, as a test would see it."""
    future = channel.submit(Command(text=text))  # type: ignore[attr-defined]
    try:
        return future.result(timeout=5)
    except SignoffError as error:
        return type(error).__name__, str(error)


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


def make(known: dict[Asker, dict[str, tuple[str, ...]]], *tests: Asker) -> tuple[World, Clock, Ahead, AheadChannel]:
    """Return one host `a` with what is known of its tests."""
    world, clock = World(), Clock()
    ahead = Ahead(clock=clock)
    channel = Channel(world, "a")
    ahead.expect(tests, known)
    ahead.attach("a", channel)
    return world, clock, ahead, AheadChannel("a", channel, ahead)


FIRST, SECOND, THIRD = Asker("p", "a"), Asker("q", "a"), Asker("r", "a")
KNOWS: dict[str, tuple[str, ...]] = {"a": ("cat -- one",)}


def test_all_that_is_known_goes_out_as_one_batch_and_is_not_asked_again() -> None:
    world, _, ahead, channel = make({FIRST: {"a": ("cat -- one", "cat -- two")}, SECOND: KNOWS}, FIRST, SECOND)
    assert world.batches == [("a", ("cat -- one", "cat -- two"))]

    ahead.begin(FIRST)
    ask(channel, "cat -- one")
    ask(channel, "cat -- two")
    ahead.end()
    ahead.begin(SECOND)
    ask(channel, "cat -- one")

    assert world.asked == []
    assert (ahead.sent, ahead.used) == (2, 3)


def test_a_question_that_is_repeated_in_a_test_is_asked_anew() -> None:
    world, clock, ahead, channel = make({FIRST: KNOWS}, FIRST, SECOND)
    ahead.begin(FIRST)
    for _ in range(2):  # two looks at the same moment are one question
        assert ask(channel, "cat -- one") == Completed(status=0, stdout=b"a:one", stderr=b"")
    assert world.asked == []
    clock.now += SAME_MOMENT
    world.files["a", "one"] = "new"  # from outside: what a test that waits for something waits for

    assert ask(channel, "cat -- one") == Completed(status=0, stdout=b"new", stderr=b"")
    ahead.end()
    ahead.begin(SECOND)
    assert ask(channel, "cat -- one") == Completed(status=0, stdout=b"new", stderr=b"")


def test_processes_are_asked_ahead_too() -> None:
    world, _, ahead, channel = make({FIRST: {"a": ("cat -- one", "ps -A")}}, FIRST)
    assert world.batches == [("a", ("cat -- one", "ps -A"))]
    ahead.begin(FIRST)
    ask(channel, "ps -A")
    assert world.asked == []


def test_an_answer_that_is_too_old_is_not_used() -> None:
    world, clock, ahead, channel = make({FIRST: KNOWS}, FIRST)
    clock.now += STALE_AFTER
    ahead.begin(FIRST)
    ask(channel, "cat -- one")
    assert world.asked == [("a", "cat -- one")]


def test_a_check_that_wants_fresh_answers_gets_them() -> None:
    world, _, ahead, channel = make({FIRST: KNOWS}, FIRST)
    ahead.begin(FIRST, fresh=True)
    ask(channel, "cat -- one")
    assert world.asked == [("a", "cat -- one")]


def test_nothing_is_sent_beyond_a_test_that_is_known_to_change_something() -> None:
    world, clock = World(), Clock()
    ahead = Ahead(clock=clock)
    channel = Channel(world, "a")
    ahead.changes("q")
    ahead.expect([FIRST, SECOND, THIRD], {FIRST: KNOWS, SECOND: KNOWS, THIRD: {"a": ("cat -- two",)}})
    ahead.attach("a", channel)
    assert world.batches == [("a", ("cat -- one",))]

    for test in (FIRST, SECOND):
        ahead.begin(test)
        ahead.end()

    assert world.batches == [("a", ("cat -- one",)), ("a", ("cat -- two",))]


def test_after_an_unknown_command_everything_is_asked_again() -> None:
    world, _, ahead, channel = make({FIRST: KNOWS, SECOND: KNOWS}, FIRST, SECOND)
    ahead.begin(FIRST)
    ask(channel, "write a one new")
    assert ask(channel, "cat -- one") == Completed(status=0, stdout=b"new", stderr=b"")
    ahead.end()
    assert world.batches == [("a", ("cat -- one",)), ("a", ("cat -- one",))]


def test_a_memory_cannot_make_a_host_run_what_may_write() -> None:
    world, _, _, _ = make({FIRST: {"a": ("write a one x", "cat -- one", "cat one > two", "rm -rf /")}}, FIRST)
    assert world.batches == [("a", ("cat -- one",))]


def test_a_command_that_says_it_only_reads_drops_nothing() -> None:
    world, _, ahead, channel = make({FIRST: KNOWS}, FIRST)
    ahead.begin(FIRST)
    channel.submit(Command(text="python3 -c 'print(1)'", read_only=True)).result()
    ask(channel, "cat -- one")
    assert [text for _, text in world.asked] == ["python3 -c 'print(1)'"]


def test_a_secret_on_standard_input_makes_any_command_unknown() -> None:
    world, _, ahead, channel = make({FIRST: KNOWS}, FIRST)
    ahead.begin(FIRST)
    channel.submit(Command(text="cat -- two", secret="s3cret")).result()
    ask(channel, "cat -- one")
    assert [text for _, text in world.asked] == ["cat -- two", "cat -- one"]


def test_nothing_more_is_sent_ahead_to_a_lost_host() -> None:
    world, _, ahead, _ = make({}, FIRST, SECOND)
    world.lost.add("a")
    ahead.know({FIRST: KNOWS})
    ahead.know({SECOND: {"a": ("cat -- two",)}})
    assert world.batches == [("a", ("cat -- one",))]


def test_after_a_new_connection_old_answers_do_not_count() -> None:
    world, _, ahead, channel = make({FIRST: KNOWS}, FIRST)
    channel.open()
    ahead.begin(FIRST)
    ask(channel, "cat -- one")
    assert world.asked == [("a", "cat -- one")]


def test_a_host_answers_one_batch_at_a_time() -> None:
    world = World()
    ahead = Ahead()
    channel = Channel(world, "a", late=True)
    ahead.attach("a", channel)
    tests = [Asker(f"check{number}", "a") for number in range(3)]
    ahead.expect(tests, {test: {"a": (f"cat -- {test.check}",)} for test in tests[:1]})
    ahead.know({tests[1]: {"a": ("cat -- x",)}})
    ahead.know({tests[2]: {"a": ("cat -- y",)}})
    assert len(world.batches) == 1

    channel.release()

    assert world.batches[1] == ("a", ("cat -- x", "cat -- y"))


@pytest.mark.parametrize("window", [2, 10])
def test_no_more_than_a_window_of_tests_is_asked_ahead(window: int) -> None:
    tests = [Asker(f"check{number}", "a") for number in range(50)]
    upcoming = Upcoming(window)
    upcoming.add(tests)
    for test in tests:
        upcoming.know(test, {"a": (test.check,)})
    assert upcoming.take("a", 100) == [test.check for test in tests[:window]]

    for test in tests:
        upcoming.begin(test)
        upcoming.end(test)
        assert all(tests.index(Asker(text, "a")) <= tests.index(test) + window for text in upcoming.take("a", 100))
