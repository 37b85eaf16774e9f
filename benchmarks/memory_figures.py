"""The engine alone: a long chain in memory, and the reducer by itself."""

from collections.abc import Iterator
from statistics import median
from time import perf_counter, process_time

from benchmarks.report import Figure, Goal
from workflows_app.engine import Context, Event, StartEvent, StopEvent, Workflow, step
from workflows_app.engine.emission import as_record, as_start
from workflows_app.engine.reducer import reduce
from workflows_app.engine.state import State
from workflows_app.engine.ticks import CallClaimed, Started, StepCompleted
from workflows_app.testing import play

LENGTH = 1_000


class Link(Event):
    """One link of the chain."""

    number: int


@step
def begin(ctx: Context, ev: StartEvent) -> Link:
    return Link(number=0)


@step
def go_on(ctx: Context, ev: Link) -> Link | StopEvent:
    if ev.number + 1 == LENGTH:
        return StopEvent(result=ev.number)
    return Link(number=ev.number + 1)


chain = Workflow("benchmark-chain", [begin, go_on])


def measure(times: int) -> Iterator[Figure]:
    """Medians of several chains; the reducer's cost is CPU time."""
    played = median(_timed() for _ in range(times))
    yield Figure(
        "memory_steps",
        f"in memory, a chain of {LENGTH:,} steps",
        LENGTH / played,
        "/s",
        goal=Goal("P9", "≥", 12_000),
    )
    reduced = median(_reduce_chain() for _ in range(times))
    yield Figure(
        "reduce", "reduce: a claim and a completion", LENGTH / reduced, "steps/s"
    )


def _timed() -> float:
    began = perf_counter()
    play(chain).completes(LENGTH - 1)
    return perf_counter() - began


def _reduce_chain() -> float:
    """Seconds of CPU for the ticks of a chain, without the steps' bodies."""
    event = as_record(Link(number=1))
    state, _ = reduce(
        chain.definition, State(), Started(as_start(StartEvent()), at=1.0)
    )
    began = process_time()
    for _ in range(LENGTH):
        call = next(iter(state.calls))
        state, _ = reduce(chain.definition, state, CallClaimed(call, "w", at=2.0))
        attempt = state.calls[call].attempt
        done = StepCompleted(call, attempt, (event,), at=3.0)
        state, _ = reduce(chain.definition, state, done)
    return process_time() - began
