"""`collect_events`: which events are kept, and when a set is complete (R53)."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows_app.engine.collecting import (
    Expected,
    buffer_key,
    check_expected,
    offer,
)
from workflows_app.engine.events import Event
from workflows_app.engine.state import Buffer, EventRecord


class Part(Event):
    pass


class Special(Part):
    pass


class Done(Event):
    pass


def record(kind: type[Event], seq: int) -> EventRecord:
    return EventRecord(kind.event_type, kind.lineage(), "{}", seq)


def collect(
    expected: Expected, events: Sequence[EventRecord]
) -> tuple[list[list[int]], list[int]]:
    """The sets, by number, that offering these events gives; and what is left."""
    buffer, sets = Buffer(), []
    for event in events:
        found = offer(buffer, event, expected)
        buffer = Buffer(buffer.version + 1, found.left)
        if found.taken is not None:
            sets.append([taken.seq for taken in found.taken])
    return sets, [left.seq for left in buffer.events]


def test_three_are_collected_once_and_extras_wait_for_the_next_set() -> None:
    events = [record(Part, seq) for seq in (1, 2, 3, 4, 5, 6, 7)]

    assert collect(3, events) == ([[1, 2, 3], [4, 5, 6]], [7])


def test_a_number_gives_them_in_the_order_in_which_they_came() -> None:
    events = [record(Part, seq) for seq in (9, 4, 6)]

    assert collect(3, events) == ([[4, 6, 9]], [])


def test_classes_give_them_in_the_order_of_the_classes() -> None:
    events = [record(Part, 1), record(Done, 2), record(Part, 3)]

    assert collect([Done, Part, Part], events) == ([[2, 1, 3]], [])


def test_extras_of_a_class_stay_for_the_next_set() -> None:
    events = [record(Part, seq) for seq in (1, 2, 3)] + [record(Done, 4)]

    assert collect([Part, Done], events) == ([[1, 4]], [2, 3])


def test_a_subclass_fills_the_place_of_its_base_if_it_must() -> None:
    assert collect([Part, Done], [record(Special, 1), record(Done, 2)])[0] == [[1, 2]]


def test_a_subclass_leaves_the_place_of_its_base_to_others_if_it_must() -> None:
    events = [record(Special, 1), record(Part, 2)]

    assert collect([Part, Special], events) == ([[2, 1]], [])


def test_an_event_of_no_expected_class_is_not_kept() -> None:
    assert collect([Part, Done], [record(Event, 1), record(Part, 2)]) == ([], [2])


def test_the_same_event_counts_once() -> None:
    same = record(Part, 1)

    assert collect(2, [same, same]) == ([], [1])


def test_each_kind_of_set_has_a_buffer_of_its_own() -> None:
    keys = {
        buffer_key("join", 3),
        buffer_key("join", [Part, Done]),
        buffer_key("join", [Done, Part]),
        buffer_key("other", 3),
    }

    assert len(keys) == 4
    assert buffer_key("join", [Part, Done, Done]) == "join:Part,Done,Done"


@pytest.mark.parametrize("odd", [True, "Part", [Part(), Part], ["Part"], [int]])
def test_what_cannot_be_collected_is_refused(odd: Any) -> None:
    with pytest.raises(TypeError):
        check_expected(odd)


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        check_expected(-1)


@given(
    st.lists(st.sampled_from([Part, Special, Done]), max_size=12),
    st.lists(st.sampled_from([Part, Special, Done]), min_size=1, max_size=4),
)
def test_no_event_is_lost_or_used_twice_whatever_comes(
    kinds: list[type[Event]], expected: list[type[Event]]
) -> None:
    events = [record(kind, seq) for seq, kind in enumerate(kinds, 1)]
    kept = [e for e in events if any(k.event_type in e.types for k in expected)]

    sets, left = collect(expected, events)

    assert sorted([seq for found in sets for seq in found] + left) == [
        event.seq for event in kept
    ]
    for found in sets:
        fits = zip(found, expected, strict=True)
        assert all(kind.event_type in events[seq - 1].types for seq, kind in fits)
