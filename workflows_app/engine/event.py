"""The event: one thing that happened, with its fields and where it comes from."""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr

BLAZEN = "blazen::"
"""How Blazen spells its built-in types; ours have the same names without it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the engine knows of an event once it is part of a run.

    `kind` is that of its line in the log, for events that come from a stream. The
    fan-out is the innermost list that the event descends from, if any.
    """

    id: str | None = None
    run_id: str | None = None
    seq: int | None = None
    source_step: str | None = None
    created_at: datetime | None = None
    kind: str = ""
    fanout_id: int | None = None
    fanout_size: int | None = None
    fanout_index: int | None = None


_ORIGIN = frozenset(field.name for field in fields(Origin))


class _TypeName:
    """`event_type`: of a class its own, of an event the one that it was made with."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, event: "Event | None", owner: type) -> str:
        return self._name if event is None else event._type or self._name  # noqa: SLF001


_NOWHERE = Origin()


def _nowhere() -> Origin:
    """One for all: pydantic would copy a default for each event."""
    return _NOWHERE


class Event(BaseModel):
    """One thing that happened: `Event("order.paid", amount=12)`, or a subclass.

    A subclass with annotated fields is typed: unknown keywords are a TypeError,
    wrong values a pydantic ValidationError. Its type is its name, or the class
    attribute `event_type`; `external = True` marks one that comes from outside.

    `id`, `run_id`, `seq`, `source_step`, `created_at`, `kind` and the fan-out are told
    by the engine once the event is part of a run. An author's field of such a name
    wins.
    """

    model_config = ConfigDict(
        extra="allow", use_enum_values=True, protected_namespaces=()
    )

    event_type: ClassVar[str] = "Event"
    external: ClassVar[bool] = False
    _type: str = PrivateAttr(default="")
    _origin: Origin = PrivateAttr(default_factory=_nowhere)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _name_type(cls, cls.__dict__.get("event_type", cls.__name__))

    def __init__(self, event_type: str | None = None, /, **fields: Any) -> None:
        unknown = set(fields) - set(type(self).model_fields)
        if unknown and type(self).model_fields:
            name = type(self).__name__
            raise TypeError(f"{name} has no field {', '.join(sorted(unknown))}")
        super().__init__(**fields)
        if event_type is not None:
            self._type = event_type.removeprefix(BLAZEN)

    if TYPE_CHECKING:  # `Any`, so that an author's field may have any type

        @property
        def id(self) -> Any: ...
        @property
        def run_id(self) -> Any: ...
        @property
        def seq(self) -> Any: ...
        @property
        def source_step(self) -> Any: ...
        @property
        def created_at(self) -> Any: ...
        @property
        def kind(self) -> Any: ...
        @property
        def fanout_id(self) -> Any: ...
        @property
        def fanout_size(self) -> Any: ...
        @property
        def fanout_index(self) -> Any: ...

    else:

        def __getattr__(self, name: str) -> Any:
            """Asked for what is neither a field nor anything else of the class."""
            try:
                return super().__getattr__(name)
            except AttributeError:
                if name not in _ORIGIN:
                    raise
            return getattr(self._origin, name)

    def to_dict(self) -> dict[str, Any]:
        """The fields of this event, nested models as dicts."""
        return self.model_dump(mode="python")

    @classmethod
    def lineage(cls) -> tuple[str, ...]:
        """The types under which steps may accept this one, beside its own."""
        parents = [c for c in cls.__mro__[1:] if issubclass(c, Event)]
        return tuple(c.event_type for c in parents)

    def with_origin(self, origin: Origin) -> Self:
        self._origin = origin
        return self


def origin_of(event: Event) -> Origin:
    """Where an event comes from, whatever fields its author has given it."""
    return event._origin  # noqa: SLF001


def _name_type(kind: type[Event], name: str) -> None:
    kind.event_type = _TypeName(name)  # type: ignore[assignment]


_name_type(Event, "Event")


@lru_cache
def type_called(name: str) -> type[Event]:
    """The class of the events that have no class, only a type: `Event("order.paid")`."""
    namespace = {"__module__": __name__, "event_type": name}
    return type(name, (Event,), namespace)
