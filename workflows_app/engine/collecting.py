"""`ctx.collect_events`: which events are kept, and when a set of them is complete."""

from collections.abc import Sequence
from dataclasses import dataclass

from .events import Event
from .state import Buffer, EventRecord

Expected = int | Sequence[type[Event]]


@dataclass(frozen=True, slots=True)
class Offer:
    """What became of a buffer: what is left in it, and the set if it is complete."""

    left: tuple[EventRecord, ...]
    taken: tuple[EventRecord, ...] | None


def buffer_key(step: str, expected: Expected) -> str:
    """The name of a buffer: each step and each kind of set has its own."""
    if isinstance(expected, int):
        return f"{step}:{expected}"
    return f"{step}:{','.join(kind.event_type for kind in expected)}"


def check_expected(expected: Expected) -> None:
    """Raises TypeError or ValueError for what is neither a number nor event classes."""
    if isinstance(expected, bool | str):
        raise TypeError(
            f"Expect a number or a list of event classes, not {expected!r}."
        )
    if isinstance(expected, int):
        if expected < 0:
            raise ValueError(f"So many events cannot be collected: {expected}.")
        return
    for kind in expected:
        if not _is_event_class(kind):
            raise TypeError(f"Expect event classes, not {kind!r}.")


def _is_event_class(given: object) -> bool:
    return isinstance(given, type) and issubclass(given, Event)


def offer(buffer: Buffer, record: EventRecord | None, expected: Expected) -> Offer:
    """Put an event into a buffer, and take a set out of it as soon as it is complete.

    An event that no expected class fits is not kept. None: nothing new is offered.
    """
    kept = buffer.events
    if record is not None and _may_count(record, expected):
        others = (known for known in kept if known.seq != record.seq)
        kept = tuple(sorted((*others, record), key=lambda known: known.seq))
    taken = _find_set(kept, expected)
    if taken is None:
        return Offer(kept, None)
    numbers = {record.seq for record in taken}
    return Offer(tuple(r for r in kept if r.seq not in numbers), tuple(taken))


def _may_count(record: EventRecord, expected: Expected) -> bool:
    if isinstance(expected, int):
        return True
    return any(_fits(record, kind) for kind in expected)


def _fits(record: EventRecord, kind: type[Event]) -> bool:
    return kind.event_type in record.types


def _find_set(
    kept: tuple[EventRecord, ...], expected: Expected
) -> list[EventRecord] | None:
    """A complete set, in the order of what is expected, then of the events' numbers."""
    if isinstance(expected, int):
        return list(kept[:expected]) if len(kept) >= expected else None
    places: dict[int, int] = {}  # of each event that is taken: which place it fills
    for place in range(len(expected)):
        if not _fill(place, kept, expected, places, set()):
            return None
    return _in_order(kept, expected, places)


def _fill(
    place: int,
    kept: tuple[EventRecord, ...],
    expected: Sequence[type[Event]],
    places: dict[int, int],
    tried: set[int],
) -> bool:
    """Find an event for a place, moving others to other places if it must be.

    A subclass may fit two places, so the first event that fits is not always the one.
    """
    for index, record in enumerate(kept):
        if index in tried or not _fits(record, expected[place]):
            continue
        tried.add(index)
        other = places.get(index)
        if other is None or _fill(other, kept, expected, places, tried):
            places[index] = place
            return True
    return False


def _in_order(
    kept: tuple[EventRecord, ...],
    expected: Sequence[type[Event]],
    places: dict[int, int],
) -> list[EventRecord]:
    """By place; among places of one class, the event with the lower number first."""
    filled: dict[type[Event], list[int]] = {}
    for index, place in sorted(places.items()):
        filled.setdefault(expected[place], []).append(index)
    return [kept[filled[kind].pop(0)] for kind in expected]
