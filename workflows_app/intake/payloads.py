"""What a proven body holds: one JSON object, and what some senders tell about it in it."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from workflows_app.engine.strict_json import StrictJsonError, load_strict

MOST_FIELDS = 1_000
_NAME = re.compile(r"[!-~]{1,100}")


class BadFormError(ValueError):
    """The body is neither a JSON object nor a form."""

    def __str__(self) -> str:
        return super().__str__() or str(self.__doc__)


@dataclass(frozen=True, slots=True)
class Content:
    """A body, read. The id and the kind are signed, for they are inside of it.

    A `challenge` asks whether this address is ours. Who sends a form shows what comes
    back to a person, so it must be told nothing.
    """

    payload: dict[str, Any]
    delivery_id: str | None = None
    event: str | None = None
    challenge: str | None = None
    is_form: bool = False


def read_content(scheme: str, body: bytes, max_bytes: int) -> Content:
    """Raises StrictJsonError or BadFormError for a body that is not what it must be."""
    if scheme == "slack":
        return _read_slack(body, max_bytes)
    payload = _load_object(body, max_bytes)
    if scheme == "stripe":
        return Content(payload, _name(payload, "id"), _name(payload, "type"))
    if scheme == "standard":
        return Content(payload, event=_name(payload, "type"))
    return Content(payload)


def _load_object(body: bytes | str, max_bytes: int) -> dict[str, Any]:
    payload = load_strict(body, max_bytes=max_bytes)
    if not isinstance(payload, dict):
        raise StrictJsonError("The JSON is not an object.")
    return payload


def _read_slack(body: bytes, max_bytes: int) -> Content:
    """An event is JSON; a command is a form; what people click is JSON in a form."""
    if body.lstrip()[:1] == b"{":
        return _slack_event(_load_object(body, max_bytes))
    fields = _read_form(body)
    if list(fields) == ["payload"]:
        fields = _load_object(fields["payload"], max_bytes)
    event = _name(fields, "type") or _name(fields, "command")
    return Content(fields, _name(fields, "trigger_id"), event, is_form=True)


def _slack_event(payload: dict[str, Any]) -> Content:
    inner = payload.get("event")
    event = _name(inner, "type") if isinstance(inner, dict) else None
    event = event or _name(payload, "type")
    asks = event == "url_verification"
    return Content(
        payload,
        _name(payload, "event_id"),
        event,
        challenge=_name(payload, "challenge") if asks else None,
    )


def _read_form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise BadFormError from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadFormError("A field of the form occurs twice.")
    if not fields:
        raise BadFormError
    return fields


def _name(fields: dict[str, Any], key: str) -> str | None:
    """What could be the name of something; nothing else is an id or a kind."""
    value = fields.get(key)
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None
