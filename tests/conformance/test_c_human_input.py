"""Cases 19 to 37: human input."""

import asyncio
from collections.abc import Awaitable
from contextlib import ExitStack, nullcontext
from time import monotonic
from typing import Any, TypeVar

import pytest

from workflows_app.engine import (
    AlreadyAnsweredError,
    InputRequestEvent,
    InvalidResponseError,
    NotFinishedError,
    RequestExpiredError,
    RunAbortedError,
    RunFinishedError,
    StepFailedError,
    TimeoutError,  # noqa: A004 - engine.md's name
    UnknownRequestError,
    ValidationError,
    Workflow,
)

from .flows import asking
from .processes import Program, database_url, run_program
from .watching import count, lines, on_postgres, see

pytestmark = pytest.mark.timeout(90)

E = TypeVar("E", bound=Exception)
FIRST, SECOND = ["first", "a"], ["second", "b"]


async def start(workflow: Workflow, **fields: Any) -> Any:
    """A run that waits for its first answer."""
    handler = await workflow.run_with_handler(**fields)
    await see(handler, "run_waiting")
    return handler


async def pending(handler: Any) -> list[str]:
    return [request.request_id for request in await handler.pending_requests()]


async def end(handler: Any) -> Any:
    return (await handler.result(timeout=20)).result


async def refused(kind: type[E], answer: Awaitable[Any]) -> E:
    with pytest.raises(kind) as refusal:
        await answer
    return refusal.value


@on_postgres
async def test_19_an_answer_reaches_the_response_step() -> None:
    handler = await start(asking.asking)

    receipt = await handler.respond_to_input("req-1", {"name": "Alice"})

    assert (receipt.accepted, receipt.duplicate) == (True, False)
    assert await end(handler) == {"name": "Alice"}


@on_postgres
async def test_20_a_question_is_streamed_and_listed_alike_however_it_is_asked() -> None:
    for workflow in asking.asking_in_all_ways:
        handler = await workflow.run_with_handler()

        told = await see(handler, "input_requested")
        (listed,) = await handler.pending_requests()

        assert isinstance(told, InputRequestEvent)
        for shown in (told, listed):
            assert shown.request_id == "req-1"
            assert shown.prompt == "What is your name?"
            assert shown.metadata == {"why": "to greet you"}
        await handler.respond_to_input("req-1", "Alice")
        assert await end(handler) == "Alice"


@on_postgres
async def test_21_a_question_without_an_id_gets_one_of_its_own_to_be_answered_by() -> (
    None
):
    one = await start(asking.asking_anonymously)
    other = await start(asking.asking_anonymously)
    (its_id,), (other_id,) = await pending(one), await pending(other)

    assert its_id != other_id
    assert (await see(one, "input_requested")).request_id == its_id
    await one.respond_to_input(its_id, "Alice")
    assert await end(one) == "Alice"
    await refused(UnknownRequestError, other.respond_to_input(its_id, "Bob"))


@on_postgres
async def test_22_two_questions_are_answered_in_any_order_each_with_its_own_answer() -> (
    None
):
    handler = await start(asking.asking_both)
    assert await pending(handler) == ["first", "second"]

    await handler.respond_to_input("second", 2)
    started = await see(handler, "step_started", step="hear_both")
    assert await handler.status() == "running"
    await see(handler, "run_waiting", after=started.seq)
    assert await handler.status() == "waiting"
    assert await pending(handler) == ["first"]
    await handler.respond_to_input("first", 1)

    assert await end(handler) == [
        ["second", 2, "The second?"],
        ["first", 1, "The first?"],
    ]


@on_postgres
async def test_23_an_unknown_id_is_refused_and_the_right_one_still_works() -> None:
    handler = await start(asking.two_rounds)

    await refused(UnknownRequestError, handler.respond_to_input("third", "a"))

    assert await handler.status() == "waiting"
    assert await pending(handler) == ["first"]
    await handler.respond_to_input(*FIRST)
    await see(handler, "step_completed", step="hear")
    assert await pending(handler) == ["second"]


@on_postgres
async def test_24_a_second_answer_is_refused_with_the_first_one_and_its_responder() -> (
    None
):
    handler = await start(asking.two_rounds)
    await handler.respond_to_input("first", "a", responder="alice")

    refusals = []
    for responder in ("bob", "carol"):
        late = handler.respond_to_input("first", "b", responder=responder)
        refusals.append(await refused(AlreadyAnsweredError, late))
        await see(handler, "step_completed", step="hear")

    for refusal in refusals:
        assert (refusal.responder, refusal.answer) == ("alice", "a")
    assert await pending(handler) == ["second"]
    await handler.respond_to_input(*SECOND)
    assert await end(handler) == [FIRST, SECOND]


@on_postgres
async def test_25_the_same_answer_with_the_same_key_is_a_duplicate_without_effect() -> (
    None
):
    handler = await start(asking.two_rounds)
    first = await handler.respond_to_input("first", "a", idempotency_key="k")

    again = await handler.respond_to_input("first", "a", idempotency_key="k")
    await see(handler, "step_completed", step="hear")
    later = await handler.respond_to_input("first", "a", idempotency_key="k")

    assert not first.duplicate
    for receipt in (again, later):
        assert receipt.duplicate
        assert (receipt.responder, receipt.at) == (first.responder, first.at)
    await handler.respond_to_input(*SECOND)
    assert await end(handler) == [FIRST, SECOND]


ANSWER_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.db import connection
from workflows_app.engine import EngineError, Workflow

handler = Workflow.handler(sys.argv[1]).sync
together = Barrier(10)

def answer(number):
    name = f"{sys.argv[2]}-{number}"
    together.wait(30)
    try:
        receipt = handler.respond_to_input("first", name, responder=name)
    except EngineError as refusal:
        return [name, type(refusal).__name__]
    finally:
        connection.close()
    return [name, "duplicate" if receipt.duplicate else "accepted"]

wait_for_word()
with ThreadPoolExecutor(10) as threads:
    tell(list(threads.map(answer, range(10))))
"""


@on_postgres
async def test_26_of_twenty_answers_at_once_from_two_processes_one_is_accepted() -> (
    None
):
    handler = await start(asking.two_rounds)
    run_id = str(handler.run_id)

    def answer_at_once() -> list[list[str]]:
        with ExitStack() as programs:
            both = [
                programs.enter_context(
                    Program(database_url(), ANSWER_AT_ONCE, run_id, name)
                )
                for name in ("left", "right")
            ]
            assert [each.heard() for each in both] == ["ready", "ready"]
            for each in both:
                each.give_word()
            return [*both[0].heard(), *both[1].heard()]

    fates = await asyncio.to_thread(answer_at_once)

    accepted = [name for name, fate in fates if fate == "accepted"]
    refusals = [fate for _, fate in fates if fate == "AlreadyAnsweredError"]
    assert (len(accepted), len(refusals)) == (1, 19)
    await see(handler, "step_completed", step="hear")
    await handler.respond_to_input(*SECOND)
    assert await end(handler) == [["first", accepted[0]], SECOND]
    assert await count(handler, "step_completed", "hear") == 2
    assert await count(handler, "input_received") == 2


@on_postgres
async def test_27_an_answer_before_its_question_is_unknown_and_the_question_still_comes() -> (
    None
):
    handler = await start(asking.two_rounds)

    await refused(UnknownRequestError, handler.respond_to_input("second", "too early"))
    await handler.respond_to_input(*FIRST)
    await see(handler, "step_completed", step="hear")

    assert await pending(handler) == ["second"]
    await handler.respond_to_input(*SECOND)
    assert await end(handler) == [FIRST, SECOND]


@on_postgres
async def test_28_a_paused_run_takes_an_answer_and_dispatches_it_after_its_resume() -> (
    None
):
    handler = await start(asking.two_rounds)
    await handler.pause()

    receipt = await handler.respond_to_input(*FIRST)

    assert receipt.accepted
    assert await pending(handler) == []
    await no_end(handler, 1.0)
    assert await count(handler, "step_started", "hear") == 0
    assert await count(handler, "run_resumed") == 0
    await handler.resume_in_place()
    await see(handler, "step_completed", step="hear")
    await handler.respond_to_input(*SECOND)
    assert await end(handler) == [FIRST, SECOND]


@on_postgres
async def test_29_resuming_a_run_that_waits_answers_nothing() -> None:
    handler = await start(asking.two_rounds)

    await handler.resume_in_place()

    await no_end(handler, 0.5)
    assert await handler.status() == "waiting"
    assert await pending(handler) == ["first"]
    assert await count(handler, "step_started", "hear") == 0


async def no_end(handler: Any, seconds: float) -> None:
    """The run is not over within this time."""
    with pytest.raises(NotFinishedError):
        await handler.result(timeout=seconds)


@on_postgres
async def test_30_a_branch_makes_twenty_hops_while_the_other_waits() -> None:
    handler = await start(asking.hopping)

    assert await count(handler, "step_completed", "hop") == 20
    assert await handler.status() == "waiting"
    assert await pending(handler) == ["wait"]
    await handler.respond_to_input("wait", "go")
    assert await end(handler) == 20


@on_postgres
async def test_31_waiting_for_a_person_does_not_use_up_the_timeout() -> None:
    handler = await start(asking.asking_in_a_hurry)

    await no_end(handler, 3.0)
    await handler.respond_to_input("req-1", "at last")

    assert await end(handler) == "at last"


@on_postgres
async def test_32_none_is_an_answer_and_an_answer_names_its_request() -> None:
    handler = await start(asking.asking)

    await refused(TypeError, handler.respond_to_input(None, 1))
    assert await pending(handler) == ["req-1"]
    await handler.respond_to_input("req-1", None)

    assert await end(handler) is None


@on_postgres
async def test_33_an_answer_that_does_not_fit_is_refused_and_the_question_stays() -> (
    None
):
    handler = await start(asking.asking_for_a_boolean)

    refusal = await refused(
        InvalidResponseError, handler.respond_to_input("approve", {"approved": "maybe"})
    )

    assert [tuple(path) for path, _ in refusal.errors] == [("approved",)]
    assert await pending(handler) == ["approve"]
    (rejected,) = await lines(handler, "input_rejected")
    assert rejected.body["request_id"] == "approve"
    await handler.respond_to_input("approve", {"approved": True})
    assert await end(handler) == {"approved": True}


@on_postgres
async def test_34_a_question_that_expires_escalates_or_times_the_run_out() -> None:
    handler = await start(asking.escalating)
    began = monotonic()
    await see(handler, "step_completed", step="escalate")
    assert 0.5 < monotonic() - began < 4
    await refused(RequestExpiredError, handler.respond_to_input("soon", "late"))
    await handler.respond_to_input("boss", "yes")
    assert await end(handler) == ["boss", 1]
    assert await count(handler, "input_expired") == 1

    handler = await start(asking.expiring)
    with pytest.raises(TimeoutError) as expired:
        await handler.result(timeout=20)
    assert (expired.value.scope, expired.value.request_id) == ("request", "soon")
    await refused(RequestExpiredError, handler.respond_to_input("soon", "late"))


@on_postgres
async def test_35_an_answer_to_a_run_that_is_over_is_refused_with_its_status() -> None:
    for status, ends in (
        ("completed", None),
        ("failed", StepFailedError),
        ("aborted", RunAbortedError),
    ):
        handler = await asking.ending.run_with_handler(how=status)
        await see(handler, "input_requested")
        if status == "aborted":
            await handler.abort()
        with pytest.raises(ends) if ends else nullcontext():
            await handler.result(timeout=20)

        refusal = await refused(
            RunFinishedError, handler.respond_to_input("open", "too late")
        )

        assert refusal.status == status
        assert await handler.status() == status
        assert await pending(handler) == []


def test_36_a_question_whose_answer_no_step_takes_is_refused_at_build() -> None:
    with pytest.raises(ValidationError, match="InputResponseEvent") as refusal:
        Workflow.builder("c-unanswerable").step(asking.ask_name).build()

    assert "'ask_name'" in refusal.value.errors[0]


ANSWER = """
from workflows_app.engine import Workflow

async def main():
    handler = Workflow.handler(sys.argv[1])
    receipt = await handler.respond_to_input("req-1", {"name": "Alice"})
    tell([receipt.accepted, (await handler.result(timeout=30)).result])

asyncio.run(main())
"""


@on_postgres
async def test_37_an_answer_may_come_from_another_process() -> None:
    handler = await start(asking.asking)
    run_id = str(handler.run_id)

    (told,) = await asyncio.to_thread(run_program, database_url(), ANSWER, run_id)

    assert told == [True, {"name": "Alice"}]
    assert await end(handler) == {"name": "Alice"}
