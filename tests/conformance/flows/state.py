"""Workflows of section G: state, fan-in, children, values."""

import asyncio
from typing import Any

from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    ParallelSubWorkflowsStep,
    StartEvent,
    StopEvent,
    SubWorkflowStep,
    Workflow,
    step,
)

# 62


class Add(Event):
    number: int


class Added(Event):
    number: int


@step
def spread(ctx: Context, ev: StartEvent) -> list[Add]:
    return [Add(number=number) for number in range(20)]


@step
async def increment(ctx: Context, ev: Add) -> Added:
    ctx.state.get("sum")
    await asyncio.sleep(0.05)
    ctx.state.increment("sum")
    return Added(number=ev.number)


@step
async def read_and_add(ctx: Context, ev: Add) -> Added:
    known = ctx.state.get("sum", 0)
    await asyncio.sleep(0.05)
    ctx.state.set("sum", known + 1)
    return Added(number=ev.number)


@step
def total(ctx: Context, ev: list[Added]) -> StopEvent:
    return StopEvent(result=[len(ev), ctx.state["sum"]])


incrementing = Workflow("g-incrementing", [spread, increment, total])
adding = Workflow("g-adding", [spread, read_and_add, total])
adding_in_turns = Workflow(
    "g-adding-in-turns",
    [spread, step(read_and_add.body, name="read_and_add", max_concurrency=2), total],
)

# 63


class Counting(StartEvent):
    results: int


class Counted(Event):
    number: int


@step
def emit(ctx: Context, ev: Counting) -> list[Counted]:
    return [Counted(number=number) for number in range(1, ev.results + 1)]


@step
def collect(ctx: Context, ev: Counted) -> StopEvent | None:
    three = ctx.collect_events(ev, 3)
    if three:
        ctx.state.append("sets", [each.number for each in three])  # type: ignore[attr-defined]
    sets = ctx.state.get("sets", [])
    return StopEvent(result=sets) if len(sets) == 2 else None


collecting = Workflow("g-collecting", [emit, collect])


class A(Event):
    number: int


class B(Event):
    number: int


@step
def emit_mixed(ctx: Context, ev: StartEvent) -> list[A | B]:
    return [
        B(number=1),
        B(number=2),
        A(number=3),
        B(number=4),
        A(number=5),
        B(number=6),
    ]


@step
def collect_mixed(ctx: Context, ev: A | B) -> StopEvent | None:
    mixed = ctx.collect_events(ev, [A, B, B])
    if mixed:
        numbers = [[type(each).__name__, each.number] for each in mixed]  # type: ignore[attr-defined]
        ctx.state.append("sets", numbers)
    sets = ctx.state.get("sets", [])
    return StopEvent(result=sets) if len(sets) == 2 else None


collecting_mixed = Workflow("g-collecting-mixed", [emit_mixed, collect_mixed])

# 64


class Many(StartEvent):
    many: int


class Hop(Event):
    number: int
    left: int


class Arrived(Event):
    number: int


@step
def fan_out(ctx: Context, ev: Many) -> list[Hop]:
    """The first one has the longest way."""
    return [Hop(number=number, left=ev.many - number) for number in range(ev.many)]


@step
def hop(ctx: Context, ev: Hop) -> Hop | Arrived:
    if ev.left:
        return Hop(number=ev.number, left=ev.left - 1)
    ctx.state.append("arrived", ev.number)
    return Arrived(number=ev.number)


@step
def join(ctx: Context, ev: list[Arrived]) -> StopEvent:
    return StopEvent(result=[each.number for each in ev])


fanning_out = Workflow("g-fanning-out", [fan_out, hop, join])

# 65: children


class Order(StartEvent):
    item: str


class Ordered(Event):
    item: str


class Approved(Event):
    result: Any


class AllDone(Event):
    results: list[Any]


class OneDone(Event):
    result: Any
    branch: str


@step
def ask(ctx: Context, ev: Order) -> InputRequestEvent:
    return InputRequestEvent("approve", f"May we order {ev.item}?")


@step
def approve(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    return StopEvent(result=f"approved: {ev.response}")


@step
def order(ctx: Context, ev: StartEvent) -> Ordered:
    return Ordered(item="pens")


@step
def finish(ctx: Context, ev: Approved) -> StopEvent:
    return StopEvent(result=ev.result)


@step
def finish_all(ctx: Context, ev: AllDone) -> StopEvent:
    return StopEvent(result=ev.results)


@step
def finish_one(ctx: Context, ev: OneDone) -> StopEvent:
    return StopEvent(result=[ev.branch, ev.result])


@step
async def be_slow(ctx: Context, ev: Order) -> StopEvent:
    await asyncio.sleep(0.5)
    return StopEvent(result=f"slow {ev.item}")


@step
async def never_end(ctx: Context, ev: Order) -> StopEvent:
    await asyncio.sleep(60)
    return StopEvent()


@step
def be_fast(ctx: Context, ev: Order) -> StopEvent:
    return StopEvent(result=f"fast {ev.item}")


@step
def break_down(ctx: Context, ev: Order) -> StopEvent:
    raise ValueError("It broke.")


approving = Workflow("g-child-approving", [ask, approve])
slow = Workflow("g-child-slow", [be_slow])
endless = Workflow("g-child-endless", [never_end])
fast = Workflow("g-child-fast", [be_fast])
broken = Workflow("g-child-broken", [break_down])
broken_too = Workflow("g-child-broken-too", [break_down])


def _parent(name: str, child: Workflow) -> Workflow:
    builder = Workflow.builder(name).step(order).step(finish)
    step = SubWorkflowStep("child", accepts=Ordered, emits=Approved, workflow=child)
    return builder.add_subworkflow_step(step).build()


asking_child = _parent("g-asking-child", approving)
failing_child = _parent("g-failing-child", broken)


def _parallel(name: str, merge: Any, *children: Workflow) -> Workflow:
    is_all = merge == "wait_all"
    builder = Workflow.builder(name).step(order)
    builder.step(finish_all if is_all else finish_one)
    builder.add_parallel_subworkflows(
        ParallelSubWorkflowsStep(
            "children",
            accepts=Ordered,
            emits=AllDone if is_all else OneDone,
            branches=children,
            join=merge,
        )
    )
    return builder.build()


waiting_for_all = _parallel("g-all", "wait_all", slow, fast)
failing_in_one = _parallel("g-all-but-one", "wait_all", endless, broken)
taking_the_first = _parallel("g-first", "first_completes", endless, broken, fast)
failing_in_all = _parallel("g-none", "first_completes", broken, broken_too)

# 66


class Carried(Event):
    value: Any


@step
def store(ctx: Context, ev: StartEvent) -> Carried:
    ctx.state.set("value", ev.value)  # type: ignore[attr-defined]
    return Carried(value=ctx.state["value"])


@step
def ask_for_value(ctx: Context, ev: Carried) -> InputRequestEvent:
    ctx.state.set("carried", ev.value)
    return InputRequestEvent("value", "Which value?")


@step
def give_back(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    state = ctx.state
    return StopEvent(result=[state["value"], state["carried"], ev.response])


carrying = Workflow("g-carrying", [store, ask_for_value, give_back])

ODD: dict[str, Any] = {
    "NaN": {"list": [1.0, float("nan")]},
    "object": {"list": [1.0, object()]},
    "int key": {"list": [1.0, {1: 2}]},
}
"""Values that cannot be stored, each at $.list[1]."""


class Odd(StartEvent):
    value: str
    where: str


@step
def keep_odd(ctx: Context, ev: Odd) -> StopEvent | Carried:
    odd = ODD[ev.value]
    if ev.where == "state":
        ctx.state.set("value", odd)
    elif ev.where == "event":
        return Carried(value=odd)
    return StopEvent(result=odd)


@step
def take_odd(ctx: Context, ev: Carried) -> StopEvent:
    return StopEvent()


keeping_odd = Workflow("g-keeping-odd", [keep_odd, take_odd])
