"""Picks: where one value of a mapping comes from."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from .pointer import Steps, follow


class MappingError(ValueError):
    """A mapping does not fit a delivery, or is none; each problem names its place."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class NothingThereError(LookupError):
    """The delivery does not have what a mapping wants of it."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.path = path

    @property
    def told(self) -> str:
        """The sentence, after the place in the mapping that it is about."""
        return f"{'.'.join(self.path)}: {self}" if self.path else str(self)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a delivery is made of. Header names are in small letters."""

    body: Any
    headers: Mapping[str, str]
    delivery: Mapping[str, str]


class Pick(Protocol):
    """One value, found in a delivery. Raises NothingThereError."""

    def read(self, facts: Facts) -> Any: ...


@dataclass(frozen=True, slots=True)
class Plain:
    """Always the same, whatever is delivered."""

    value: Any

    def read(self, facts: Facts) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class FromBody:
    """What a JSON Pointer leads to."""

    pointer: str
    steps: Steps

    def read(self, facts: Facts) -> Any:
        try:
            return follow(facts.body, self.steps)
        except LookupError:
            message = f"The body has nothing at {self.pointer}."
            raise NothingThereError(message) from None


@dataclass(frozen=True, slots=True)
class FromHeader:
    """The text of a header, which nobody has signed."""

    name: str

    def read(self, facts: Facts) -> Any:
        value = facts.headers.get(self.name.lower())
        if value is None:
            raise NothingThereError(f"The delivery has no header {self.name}.")
        return value


@dataclass(frozen=True, slots=True)
class FromDelivery:
    """What is known of the delivery itself: its source, its id, its kind."""

    name: str

    def read(self, facts: Facts) -> Any:
        return facts.delivery[self.name]


@dataclass(frozen=True, slots=True)
class Object:
    """An object, each field of which is picked by itself."""

    fields: Mapping[str, Pick]

    def read(self, facts: Facts) -> dict[str, Any]:
        found = {}
        for name, pick in self.fields.items():
            with _inside(name):
                found[name] = pick.read(facts)
        return found


@dataclass(frozen=True, slots=True)
class Text:
    """Texts and numbers, one after the other."""

    parts: tuple[Pick, ...]

    def read(self, facts: Facts) -> str:
        return "".join(as_word(part.read(facts)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Word:
    """A text, or a number as a text: for names, which are nothing else. null is none."""

    pick: Pick

    def read(self, facts: Facts) -> str | None:
        value = self.pick.read(facts)
        return None if value is None else as_word(value)


@dataclass(frozen=True, slots=True)
class Translated:
    """Another word for what is found: `approved` becomes `approve`."""

    pick: Pick
    words: Mapping[str, Any]

    def read(self, facts: Facts) -> Any:
        word = as_word(self.pick.read(facts))
        if word not in self.words:
            raise NothingThereError(f"The map has no word for {word[:80]!r}.")
        return self.words[word]


@dataclass(frozen=True, slots=True)
class OrElse:
    """What is found, or else this."""

    pick: Pick
    default: Any

    def read(self, facts: Facts) -> Any:
        try:
            return self.pick.read(facts)
        except NothingThereError:
            return self.default


def as_word(value: Any) -> str:
    """A text as it is, a number or a truth value as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    kind = "an object" if isinstance(value, dict) else "a list"
    raise NothingThereError(
        f"A text or a number is wanted, not {'null' if value is None else kind}."
    )


@contextmanager
def _inside(name: str) -> Iterator[None]:
    try:
        yield
    except NothingThereError as error:
        raise NothingThereError(str(error), name, *error.path) from None


def header_names(pick: Pick) -> Iterator[str]:
    """The headers that a pick reads, in small letters."""
    match pick:
        case FromHeader(name):
            yield name.lower()
        case Object(fields):
            for each in fields.values():
                yield from header_names(each)
        case Text(parts):
            for each in parts:
                yield from header_names(each)
        case Word(inner) | Translated(inner, _) | OrElse(inner, _):
            yield from header_names(inner)
        case _:
            return
