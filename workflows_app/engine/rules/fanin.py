"""How what a list set going comes together again, once all of it has ended (R54)."""

from dataclasses import replace

from workflows_app.engine.definition import Definition
from workflows_app.engine.state import Call, EventRecord, Fanout, Member
from workflows_app.engine.ticks import Emitted

from .reduction import Reduction

Placed = tuple[Emitted, tuple[Member, ...]]


def place(
    definition: Definition, call: Call, emitted: tuple[Emitted, ...], listed: int | None
) -> list[Placed]:
    """Each event with the fan-outs it belongs to; the listed ones get a place of their own."""
    outer = call.event.members
    if listed is None or not definition.step(call.step).joins:
        return [(item, outer) for item in emitted]
    first = len(emitted) - listed
    return [
        (item, outer if i < first else (*outer, Member(call.number, i - first, listed)))
        for i, item in enumerate(emitted)
    ]


def fan_out(work: Reduction, call: Call, listed: int | None) -> None:
    """Remember a list that will come together at a joining step."""
    joins = work.definition.step(call.step).joins
    if listed is not None and joins:
        event = call.event
        work.state.fanouts[call.number] = Fanout(
            listed, joins, members=event.members, recoveries=event.recoveries
        )


def join(work: Reduction) -> None:
    """Call the joining steps of every fan-out that nothing alive descends from.

    The innermost come first: what they join into may keep an outer one going.
    """
    for number in sorted(work.state.fanouts, reverse=True):
        if work.state.is_finished:
            return
        if number not in _alive(work):
            _join(work, number, work.state.fanouts[number])


def _alive(work: Reduction) -> set[int]:
    state = work.state
    lines = [call.event.members for call in state.calls.values()]
    lines += [request.members for request in state.requests.values()]
    lines += [fanout.members for fanout in state.fanouts.values()]
    return {member.fanout for members in lines for member in members}


def _join(work: Reduction, number: int, fanout: Fanout) -> None:
    missing = set(range(fanout.size)) - {index for _, index, _ in fanout.results}
    if missing and (fanout.results or _was_declared(work)):
        work.fail(_incomplete(fanout, sorted(missing)))
        return
    del work.state.fanouts[number]
    reached = {name for name, _, _ in fanout.results} if fanout.size else fanout.joins
    for name in fanout.joins:
        if name in reached:
            _call(work, name, fanout)


def _was_declared(work: Reduction) -> bool:
    """Whether it is known that this list leads to a joining step, and not only possible."""
    return all(step.emits is not None for step in work.definition.steps)


def _call(work: Reduction, name: str, fanout: Fanout) -> None:
    mine = [(i, record) for step, i, record in fanout.results if step == name]
    mine.sort(key=lambda result: (result[0], result[1].seq))
    event = EventRecord(
        "list",
        (),
        "[]",
        seq=work.state.last_event,
        at=work.at,
        members=fanout.members,
        recoveries=max([fanout.recoveries, *(r.recoveries for _, r in mine)]),
    )
    joined = tuple(replace(record, members=fanout.members) for _, record in mine)
    work.call(work.definition.step(name), event, joined=joined)


def _incomplete(fanout: Fanout, missing: list[int]) -> dict[str, object]:
    names = ", ".join(str(index + 1) for index in missing[:10])
    return {
        "type": "StalledError",
        "step_name": fanout.joins[0],
        "message": f"Step {fanout.joins[0]!r} waits for {fanout.size} results, but "
        f"member {names} of the list ended without one.",
    }
