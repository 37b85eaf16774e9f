"""Events: what flows between the steps of a workflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, PrivateAttr

from .policy import Outcome, ReviewPolicy

LONGEST = 10 * 366 * 86_400
"""Seconds of the longest limit: ten years, which a timestamp can bear."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the engine knows of an event once it is part of a run."""

    id: str | None = None
    run_id: str | None = None
    seq: int | None = None
    source_step: str | None = None
    created_at: datetime | None = None


class Event(BaseModel):
    """One thing that happened: `Event("order.paid", amount=12)`, or a subclass.

    A subclass with annotated fields is typed: unknown keywords are a TypeError,
    wrong values a pydantic ValidationError.
    """

    model_config = ConfigDict(
        extra="allow", use_enum_values=True, protected_namespaces=()
    )

    event_type: ClassVar[str] = "Event"
    _type: str = PrivateAttr(default="")
    _origin: Origin = PrivateAttr(default=Origin())

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "event_type" not in cls.__dict__:
            cls.event_type = cls.__name__

    def __init__(self, event_type: str | None = None, /, **fields: Any) -> None:
        unknown = set(fields) - set(type(self).model_fields)
        if unknown and type(self).model_fields:
            name = type(self).__name__
            raise TypeError(f"{name} has no field {', '.join(sorted(unknown))}")
        super().__init__(**fields)
        self._type = event_type or type(self).event_type

    def to_dict(self) -> dict[str, Any]:
        """The fields of this event, nested models as dicts."""
        return self.model_dump(mode="python")

    @classmethod
    def lineage(cls) -> tuple[str, ...]:
        """The types under which steps may accept this one, beside its own."""
        parents = [c for c in cls.__mro__[1:] if issubclass(c, BaseModel)]
        return tuple(c.event_type for c in parents if issubclass(c, Event))

    @property
    def type_name(self) -> str:
        return self._type

    @property
    def origin(self) -> Origin:
        """Where this event comes from: run, number, step; empty before it is sent."""
        return self._origin

    def with_origin(self, origin: Origin) -> "Event":
        self._origin = origin
        return self


class StartEvent(Event):
    """The input of a run; subclass it to type and document the input."""


class StopEvent(Event):
    """Ends the run; `result` is what the run was for."""

    result: Any = None


class ProgressEvent(Event):
    """What a step tells its watchers while it works."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of what is shown to the person who decides."""

    type: str
    value: Any
    title: str = ""

    def dump(self) -> dict[str, Any]:
        return {"type": self.type, "title": self.title, "value": self.value}


class InputRequestEvent(Event):
    """Asks a person. The run waits, as a row, until somebody answers."""

    request_id: str | None
    prompt: str
    metadata: dict[str, Any]
    subject: str
    display: list[Any]
    # The name is the API's; pydantic's own `schema` method is deprecated.
    answer_schema: dict[str, Any] | None
    outcomes: list[Any]
    proposed: Any
    policy: Any
    expires_in: float | None
    on_expire: Any
    priority: int
    tags: dict[str, str]
    previous: str | None
    respond_as: Any

    def __init__(
        self,
        request_id: str | None = None,
        prompt: str = "",
        metadata: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            request_id=request_id,
            prompt=prompt,
            metadata=dict(metadata or {}),
            **_request_fields(**options),
        )


def _request_fields(  # noqa: PLR0913 - the options of a request, engine.md 1
    *,
    subject: str = "",
    display: Sequence[Block] = (),
    schema: type[BaseModel] | Mapping[str, Any] | None = None,
    outcomes: Sequence[Outcome] = (),
    proposed: Any = None,
    policy: ReviewPolicy | None = None,
    choices: Sequence[Any] | None = None,
    assignees: Sequence[str] = (),
    groups: Sequence[str] = (),
    expires_in: float | timedelta | None = None,
    on_expire: Event | None = None,
    priority: int = 0,
    tags: Mapping[str, str] | None = None,
    previous: str | None = None,
    respond_as: type[Event] | None = None,
) -> dict[str, Any]:
    """Turn the short forms (choices, assignees, groups) into outcomes and policy."""
    if choices is not None and outcomes:
        raise TypeError("Give either choices or outcomes, not both.")
    if policy is not None and (assignees or groups):
        raise TypeError("Give either a policy, or assignees and groups, not both.")
    return {
        "subject": subject,
        "display": list(display),
        "answer_schema": _as_schema(schema, choices),
        "outcomes": list(outcomes) or [Outcome(str(c)) for c in choices or ()],
        "proposed": proposed,
        "policy": policy
        or ReviewPolicy(
            check_names(assignees, "assignees"), check_names(groups, "groups")
        ),
        "expires_in": None
        if expires_in is None
        else check_seconds(expires_in, "expires_in"),
        "on_expire": on_expire,
        "priority": priority,
        "tags": dict(tags or {}),
        "previous": previous,
        "respond_as": respond_as,
    }


def _as_schema(
    schema: type[BaseModel] | Mapping[str, Any] | None, choices: Sequence[Any] | None
) -> dict[str, Any] | None:
    if choices is not None:
        return {"enum": list(choices), "x-choices": True}
    if isinstance(schema, type):
        return schema.model_json_schema()
    return dict(schema) if schema is not None else None


def check_seconds(limit: float | timedelta, what: str) -> float:
    """A length of time in seconds, as a moment in the database can be told from it.

    Raises ValueError for what is not finite, not above 0, or longer than ten years.
    """
    seconds = limit.total_seconds() if isinstance(limit, timedelta) else float(limit)
    if not 0 < seconds <= LONGEST:  # false for NaN, too
        raise ValueError(
            f"The {what} must be above 0 and at most {LONGEST} seconds, not {seconds}."
        )
    return seconds


def check_names(given: Sequence[str], what: str) -> tuple[str, ...]:
    """A list of names. Raises TypeError for a text, which would be a list of letters."""
    if isinstance(given, str):
        raise TypeError(f"{what} is a list of names, not the text {given!r}.")
    return tuple(given)


class InputResponseEvent(Event):
    """A person's answer: `response` fits the schema, `outcome` is what he chose."""

    request_id: str
    response: Any = None
    outcome: str | None = None
    reason: str = ""
    responder: str | None = None
    door: str = ""
    request: dict[str, Any] = {}


BUILT_IN = (Event, StartEvent, StopEvent, InputRequestEvent, InputResponseEvent)
