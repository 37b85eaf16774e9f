"""What a step is given: its names, its clocks, its ways to speak and to ask."""

import asyncio
import inspect
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from workflows_app.engine import values
from workflows_app.engine.commands import StartAttempt
from workflows_app.engine.context import Attempt, Context, Cut, Parked
from workflows_app.engine.errors import DuplicateRequestError, SerializationError
from workflows_app.engine.events import Event, ProgressEvent
from workflows_app.engine.loading import load_event
from workflows_app.engine.session import Session
from workflows_app.engine.state import Buffer, Call, EventRecord, Member


class Part(Event):
    number: int = 0


def part(seq: int) -> EventRecord:
    return EventRecord("Part", ("Event",), f'{{"number":{seq}}}', seq, "source", 1000.0)


class Journal:
    """A link that writes down what it is told."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def write(self, record: EventRecord) -> None:
        self.said.append(record.type)

    def remember(self, key: str, text: str) -> None:
        self.said.append((key, text))

    async def remember_async(self, key: str, text: str) -> None:
        self.said.append((key, text))

    def wait_begins(self, reason: str, limit: float | None) -> None:
        self.said.append(("wait", reason, limit))

    def wait_ends(self) -> None:
        self.said.append("go")


def load(record: EventRecord) -> Event:
    return load_event({"Part": Part}, record, "run-1")


class Given:
    """A context for the attempt of a call, and what became of it."""

    def __init__(
        self,
        *,
        remembered: Mapping[str, str] | None = None,
        buffers: Mapping[str, Buffer] | None = None,
        is_async: bool = True,
        limits: Mapping[str, float] | None = None,
    ) -> None:
        call = Call(4, "join", part(9), "running", 2, remembered=remembered or {})
        known = {"limit": None, "run_limit": None, **(limits or {})}
        start = StartAttempt(call, "worker", buffers=buffers or {}, **known)  # type: ignore[arg-type]
        attempt = Attempt(
            run_id="run-1", workflow_name="flow", start=start, stored={}, at=1000.0
        )
        self.journal = Journal()
        self.session = Session({}, ())
        self.ctx = Context(attempt, self.journal, self.session, load, is_async=is_async)


def test_a_step_knows_who_it_is() -> None:
    ctx = Given().ctx

    assert (ctx.run_id, ctx.workflow_name, ctx.step_name) == ("run-1", "flow", "join")
    assert ctx.attempt == 2
    assert ctx.call_id == ctx.idempotency_key == "run-1/4"


def test_set_and_get_are_short_for_state_and_never_for_the_session() -> None:
    given = Given()

    given.ctx.set("key", 1)

    assert given.ctx.get("key") == given.ctx.state.get("key") == 1
    assert not given.session.has("key")


# Time


def test_without_limits_there_is_all_the_time() -> None:
    assert Given().ctx.time_left() is None
    assert Given().ctx.deadline is None


@pytest.mark.parametrize(
    "limits", [{"limit": 10.0}, {"run_limit": 10.0}, {"deadline": 1010.0}]
)
def test_the_time_left_is_up_to_the_nearest_limit(limits: dict[str, float]) -> None:
    left = Given(limits={"limit": 500.0, **limits}).ctx.time_left()

    assert left is not None
    assert 9.0 < left <= 10.0


def test_the_deadline_is_a_moment() -> None:
    deadline = Given(limits={"deadline": 1010.0}).ctx.deadline

    assert deadline == datetime.fromtimestamp(1010, UTC)


def test_time_in_waiting_does_not_count() -> None:
    ctx = Given(limits={"limit": 10.0}).ctx

    with ctx.waiting("Slack approval"):
        before = ctx.time_left()
        assert ctx.time_left() == before


def test_a_wait_is_told_with_its_reason_and_limit() -> None:
    given = Given()

    with given.ctx.waiting("Slack approval", limit=60):
        assert given.journal.said == [("wait", "Slack approval", 60)]

    assert given.journal.said[1:] == ["go"]


def test_a_wait_ends_also_when_it_fails() -> None:
    given = Given()

    with pytest.raises(ValueError, match="no"), given.ctx.waiting("people"):
        raise ValueError("no")

    assert given.journal.said[-1] == "go"


def test_of_several_waits_the_one_with_the_nearest_limit_is_shown() -> None:
    given = Given()

    with given.ctx.waiting("long", limit=100), given.ctx.waiting("short", limit=5):
        pass

    kinds = [said if said == "go" else said[1] for said in given.journal.said]
    assert kinds == ["long", "short", "long", "go"]
    assert 99 < given.journal.said[2][2] <= 100


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_a_wait_has_a_limit_that_can_be(limit: float) -> None:
    with pytest.raises(ValueError, match="limit of a wait"):
        Given().ctx.waiting("people", limit).__enter__()


# Events


def test_what_is_sent_is_kept_in_order() -> None:
    ctx = Given().ctx

    ctx.send_event(Event("first"))
    ctx.send_event(Part(number=2))

    kinds = [e.type for e in ctx.sent if isinstance(e, EventRecord)]
    assert kinds == ["first", "Part"]


@pytest.mark.parametrize("odd", [None, "text", Part])
def test_what_is_sent_is_an_event(odd: Any) -> None:
    with pytest.raises(TypeError, match="'join'"):
        Given().ctx.send_event(odd)


def test_writing_to_the_stream_counts_the_lines() -> None:
    given = Given()

    assert given.ctx.write_event_to_stream(ProgressEvent(message="a")) == 1
    assert given.ctx.write_event_to_stream(Part()) == 2
    assert given.journal.said == ["ProgressEvent", "Part"]


def test_what_cannot_be_stored_is_not_written() -> None:
    given = Given()

    with pytest.raises(SerializationError):
        given.ctx.write_event_to_stream(Event("odd", value=object()))
    assert given.journal.said == []


def test_an_event_comes_with_its_origin() -> None:
    place = Member(fanout=3, index=1, size=5)
    event = load(replace(part(9), members=(place,)))

    assert isinstance(event, Part)
    assert event.id == "run-1/9"
    assert (event.seq, event.source_step) == (9, "source")
    assert event.created_at == datetime.fromtimestamp(1000, UTC)
    assert (event.fanout_id, event.fanout_index, event.fanout_size) == (3, 1, 5)


def test_an_unknown_subclass_is_an_event_of_its_type() -> None:
    event = load(EventRecord("Later", ("Part", "Event"), '{"extra":1}', 5))

    assert type(event) is Event
    assert event.event_type == "Later"
    assert event.to_dict() == {"extra": 1}


# Collecting


def test_a_set_is_collected_from_what_was_kept_and_this_event() -> None:
    kept = Buffer(7, (part(5), part(3)))
    ctx = Given(buffers={"join:3": kept}).ctx

    found = ctx.collect_events(load(part(9)), 3)

    assert found is not None
    assert [event.seq for event in found] == [3, 5, 9]
    assert [(c.key, c.version, c.left) for c in ctx.collected] == [("join:3", 7, ())]


def test_an_event_that_is_kept_is_staged() -> None:
    ctx = Given().ctx

    assert ctx.collect_events(load(part(9)), [Part, Part]) is None
    assert ctx.collect_events(load(part(9)), [Part, Part]) is None

    (collected,) = ctx.collected
    assert (collected.key, collected.version) == ("join:Part,Part", 0)
    assert [record.seq for record in collected.left] == [9]


def test_an_event_counts_once_also_after_its_set_is_complete() -> None:
    ctx = Given(buffers={"join:2": Buffer(1, (part(5),))}).ctx

    assert ctx.collect_events(load(part(9)), 2) is not None
    assert ctx.collect_events(load(part(9)), 2) is None
    assert ctx.collected[0].left == ()


@pytest.mark.parametrize("nothing", [0, []])
def test_collecting_nothing_is_done_at_once(nothing: Any) -> None:
    ctx = Given().ctx

    assert ctx.collect_events(load(part(9)), nothing) == []
    assert ctx.collected == ()


def test_only_the_event_of_the_step_is_collected() -> None:
    with pytest.raises(ValueError, match="the step was given"):
        Given().ctx.collect_events(Part(), 3)


# People


async def test_a_question_parks_the_step() -> None:
    ctx = Given().ctx

    with pytest.raises(Parked) as parked:
        await ctx.request_input("name", "Your name?", {"why": "to greet"})

    assert parked.value.key == "name"
    assert parked.value.request.request_id == "name"
    assert parked.value.request.purpose == "call"
    assert parked.value.request.content["metadata"] == {"why": "to greet"}


async def test_an_answer_that_is_there_is_given() -> None:
    ctx = Given(remembered={"input:name": values.dump({"name": "Ada"})}).ctx

    assert await ctx.request_input("name", "Your name?") == {"name": "Ada"}


async def test_two_questions_need_two_keys() -> None:
    ctx = Given(remembered={"input:name": "null"}).ctx

    assert await ctx.request_input("name") is None
    with pytest.raises(DuplicateRequestError, match="'name'"):
        await ctx.request_input("name")


def test_a_sync_step_cannot_ask_in_mid_body() -> None:
    with pytest.raises(TypeError, match="async"):
        _ = Given(is_async=False).ctx.request_input("name")


def test_once_does_it_and_remembers() -> None:
    given, done = Given(), []

    def post(url: str) -> tuple[str, int]:
        done.append(url)
        return url, 200

    assert given.ctx.once("post", post, "http://x") == ["http://x", 200]
    assert given.ctx.once("post", post, "http://x") == ["http://x", 200]
    assert done == ["http://x"]
    assert given.journal.said == [("once:post", '["http://x",200]')]


def test_once_gives_what_an_earlier_attempt_did() -> None:
    given = Given(remembered={"once:post": "200"})

    assert given.ctx.once("post", lambda: pytest.fail("again")) == 200


async def test_once_awaits_what_is_async() -> None:
    given = Given()

    async def post(url: str) -> int:
        await asyncio.sleep(0)
        return len(url)

    assert await given.ctx.once("post", post, "abc") == 3
    assert await given.ctx.once("post", lambda: post("other")) == 3
    assert given.journal.said == [("awaited:post", "3")]


async def test_what_was_awaited_is_awaited_again_in_a_later_attempt() -> None:
    ctx = Given(remembered={"awaited:post": "3"}).ctx

    remembered = ctx.once("post", lambda: pytest.fail("again"))

    assert inspect.isawaitable(remembered)
    assert await remembered == 3


def test_an_attempt_that_was_given_up_begins_nothing_new() -> None:
    given = Given()

    given.ctx.cancel()

    assert given.ctx.cancelled()
    with pytest.raises(Cut):
        given.ctx.once("post", lambda: pytest.fail("too late"))
