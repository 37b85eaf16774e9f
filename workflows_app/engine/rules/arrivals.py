"""Events that come from outside while a run goes on."""

from workflows_app.engine import values
from workflows_app.engine.commands import Actor, Refuse
from workflows_app.engine.errors import (
    EngineError,
    NoHandlerError,
    SerializationError,
    ValidationError,
)
from workflows_app.engine.schema import check_fields
from workflows_app.engine.state import EventRecord
from workflows_app.engine.ticks import EventSent

from .reduction import Reduction, quoted


def arrive(work: Reduction, tick: EventSent) -> None:
    """Deliver an event if its author marked it as coming from outside, and it fits.

    All others are refused: an answer, or the end of the run, cannot be forged that way.
    """
    known = work.definition.find_external(tick.event_type)
    if known is None:
        work.commands.append(Refuse(_unknown(tick)))
        return
    try:
        check_fields(known.schema, tick.fields)
        body = values.dump(dict(tick.fields))
    except (ValidationError, SerializationError) as error:
        work.commands.append(Refuse(error))
        return
    text = f'{{"event_type":{quoted(known.type)},"event":{body}}}'
    actor = Actor(tick.sender.kind, tick.sender.name)
    work.publish("event_sent", text=text, actor=actor, door=tick.door)
    work.deliver(EventRecord(known.type, known.bases, body))


def _unknown(tick: EventSent) -> EngineError:
    return NoHandlerError(
        f"The workflow takes no {tick.event_type!r:.110} from outside.",
        event_type=tick.event_type,
    )
