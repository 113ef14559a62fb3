"""What is asked ahead and in one batch, and when an answer that is there is not used."""

from __future__ import annotations

import pytest

from signoff.transport.ahead.ahead import SAME_MOMENT, STALE_AFTER, Ahead
from signoff.transport.ahead.channel import AheadChannel
from signoff.transport.ahead.upcoming import Asker, Upcoming
from signoff.transport.channel import Command, Completed
from tests.transport.ahead.conftest import Channel, Clock, World, ask


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
