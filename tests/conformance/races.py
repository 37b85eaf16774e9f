"""Case 62 against the reducer: calls that overlap in many orders."""

from random import Random

from tests.engine.story import Story
from workflows_app.engine import Event, Workflow
from workflows_app.engine.state import Call
from workflows_app.engine.ticks import StepConflicted

AT_ONCE = 8
"""Calls that are under way at the same time, at most."""


def race(workflow: Workflow, events: list[Event], done: Event, seed: int) -> int:
    """Let a step read a number, and set it to one more, for each event; what it is then.

    As in the runtime, an attempt that read what is not there any more is not committed
    but told that it is in conflict. `events` are what the first step returns, `done` is
    what the racing one does.
    """
    order, story = Random(seed), Story(workflow)  # noqa: S311 - any order will do
    story.complete(story.claim(), *events, fanout=len(events))
    number, under_way = 0, list[tuple[Call, int]]()
    while "total" not in story.ready:
        may_begin = bool(story.ready) and len(under_way) < AT_ONCE
        if may_begin and (not under_way or order.random() < 0.6):
            under_way.append((story.claim(), number))
            continue
        call, read = under_way.pop(order.randrange(len(under_way)))
        if read == number:
            number += 1
            story.complete(call, done)
        else:
            story.tick(StepConflicted(call.number, call.attempt, ("sum",)))
        assert not story.state.is_finished, story.error
    return number
