"""Workflows of section A: how events run, and where they go."""

from decimal import Decimal
from typing import Any

from workflows_app.engine import Context, Event, StartEvent, StopEvent, Workflow, step

# 1


@step
def echo(ctx: Context, ev: StartEvent) -> StopEvent:
    return StopEvent(result=ev.to_dict())


@step
async def echo_async(ctx: Context, ev: StartEvent) -> StopEvent:
    return StopEvent(result=ev.to_dict())


echoing = [Workflow("a-echo", [echo]), Workflow("a-echo-async", [echo_async])]

# 2


class Ordered(StartEvent):
    item: str
    amount: int


class Priced(Event):
    item: str
    amount: int
    price: Decimal


@step
def price(ctx: Context, ev: Ordered) -> Priced:
    return Priced(item=ev.item, amount=ev.amount, price=Decimal("0.10"))


@step
def bill(ctx: Context, ev: Priced) -> StopEvent:
    assert isinstance(ev.price, Decimal)
    return StopEvent(result={"item": ev.item, "total": ev.amount * ev.price})


ordering = Workflow("a-ordering", [price, bill])

# 3


class Parts(StartEvent):
    returned: str


class Part(Event):
    number: int


@step
def split(ctx: Context, ev: Parts) -> list[Part] | None:
    parts = [Part(number=number) for number in (1, 2, 3)]
    return {"three": parts, "empty": [], "none": None}[ev.returned]


@step
def take(ctx: Context, ev: Part) -> StopEvent | None:
    taken = ctx.collect_events(ev, 3)
    return StopEvent(result=[e.number for e in taken]) if taken else None  # type: ignore[attr-defined]


splitting = Workflow("a-splitting", [split, take])

# 4


@step(emits=Part)
def send(ctx: Context, ev: StartEvent) -> None:
    ctx.send_event(Part(number=4))


@step
def receive(ctx: Context, ev: Part) -> StopEvent:
    return StopEvent(result=ev.number)


sending = Workflow("a-sending", [send, receive])

# 5


class Shape(Event):
    name: str


class Circle(Shape):
    radius: float


class Seen(Event):
    by: str


@step
def draw(ctx: Context, ev: StartEvent) -> Circle:
    return Circle(name="circle", radius=1.5)


@step
def left(ctx: Context, ev: Circle) -> Seen:
    return Seen(by=f"left {ev.radius}")


@step
def right(ctx: Context, ev: Circle) -> Seen:
    return Seen(by=f"right {ev.radius}")


@step
def of_base(ctx: Context, ev: Shape) -> Seen:
    return Seen(by=f"base {type(ev).__name__}")


@step
def gather(ctx: Context, ev: Seen) -> StopEvent | None:
    seen = ctx.collect_events(ev, 3)
    return StopEvent(result=sorted(e.by for e in seen)) if seen else None  # type: ignore[attr-defined]


drawing = Workflow("a-drawing", [draw, left, right, of_base, gather])

# 6

ODD: dict[str, Any] = {
    "str": "text",
    "dict": {},
    "Part": Part,
    "str in a list": [Part(number=1), "text"],
}
"""What a step must not return, by the name of what is wrong with it."""


class Odd(StartEvent):
    returned: str


@step
def odd(ctx: Context, ev: Odd) -> Any:
    ctx.send_event(Part(number=0))
    return ODD[ev.returned]


returning_oddly = Workflow("a-returning-oddly", [odd, receive])

# 7


@step
def lose(ctx: Context, ev: StartEvent) -> Any:
    ctx.state.set("lost", True)
    return Event("nobody.wants.this")


losing = Workflow("a-losing", [lose], timeout=60)

# 8


@step
def stop_short(ctx: Context, ev: StartEvent) -> StopEvent | None:
    return None


stalling = Workflow("a-stalling", [stop_short], timeout=60)

# 9

keyed = Workflow("a-keyed", [echo])
