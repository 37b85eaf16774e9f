"""From records back to the events that authors see: their own class where there is one."""

from collections.abc import Mapping
from datetime import UTC, datetime

from . import values
from .events import Event, Origin
from .state import EventRecord


def load_event(
    kinds: Mapping[str, type[Event]], record: EventRecord, run_id: str
) -> Event:
    """The event of a record, with its origin. `kinds` are the known classes, by type.

    Raises pydantic's ValidationError or a TypeError for fields that do not fit any more.
    """
    fields = values.load(record.body)
    return _make(kinds, record, fields).with_origin(_origin(record, run_id))


def _make(
    kinds: Mapping[str, type[Event]], record: EventRecord, fields: dict[str, object]
) -> Event:
    for name in record.types:
        kind = kinds.get(name)
        if kind is not None and kind.event_type == record.type:
            return kind(**fields)
        if kind is not None:
            break  # a subclass that is not known here: its fields are not the base's
    return Event(record.type, **fields)


def _origin(record: EventRecord, run_id: str) -> Origin:
    place = record.members[-1] if record.members else None
    return Origin(
        id=f"{run_id}/{record.seq}",
        run_id=run_id,
        seq=record.seq,
        source_step=record.source or None,
        created_at=datetime.fromtimestamp(record.at, UTC) if record.at else None,
        fanout_id=place.fanout if place else None,
        fanout_size=place.size if place else None,
        fanout_index=place.index if place else None,
    )
