"""Whether what a mapping makes could be what a workflow takes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workflows_app.engine.definition import Definition

from .mapping import DeliveryMapping
from .picks import Object, Pick, Plain

WITHOUT_INPUT = ("source", "event", "delivery_id", "payload")
"""The fields of the start event when a mapping says nothing of the input."""

Schema = Mapping[str, Any]


def find_misfits(
    mapping: DeliveryMapping, action: str, definition: Definition
) -> list[str]:
    """Names that the workflow does not know, and fields that it needs and does not get."""
    if action == "start":
        names = _names(mapping.parts.get("input"), WITHOUT_INPUT)
        return list(_compare("input", names, definition.input_schema))
    if action == "send":
        return _find_event_misfits(mapping, definition)
    return []


def _find_event_misfits(mapping: DeliveryMapping, definition: Definition) -> list[str]:
    wanted = mapping.parts["event"]
    event_type = wanted.value if isinstance(wanted, Plain) else ""
    known = definition.find_external(event_type)
    if known is None:
        names = ", ".join(e.type for e in definition.external_events)
        takes = f"it takes {names}" if names else "it takes none"
        return [f"event: {definition.name} takes no such event from outside; {takes}."]
    fields = _names(mapping.parts.get("fields"), ())
    return list(_compare("fields", fields, known.schema))


def _names(part: Pick | None, default: Iterable[str]) -> list[str]:
    return list(part.fields if isinstance(part, Object) else default)


def _compare(part: str, names: list[str], schema: Schema | None) -> Iterator[str]:
    """An event without a schema takes whatever comes."""
    if schema is None:
        return
    known = list(schema.get("properties", ()))
    for name in names:
        if name not in known:
            yield f"{part}.{name}: there is no such field; there are {', '.join(known)}."
    for name in schema.get("required", ()):
        if name not in names:
            yield f"{part}.{name}: the workflow needs this field."
