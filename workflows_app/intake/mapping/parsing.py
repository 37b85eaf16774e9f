"""From the JSON of an operator to a mapping that can be used, or to all its problems."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from workflows_app.engine.strict_json import StrictJsonError, load_strict

from .mapping import Condition, DeliveryMapping
from .picks import (
    FromBody,
    FromDelivery,
    FromHeader,
    MappingError,
    Object,
    OrElse,
    Pick,
    Plain,
    Text,
    Translated,
    Word,
)
from .pointer import parse_pointer

MAX_BYTES = 20_000
MAX_DEPTH = 12
MAX_PROBLEMS = 20

FACTS = ("source", "id", "event")
FIND = ("run", "key", "tags", "request", "request_id")
RUN_FIND = ("run", "key", "tags")

OBJECTS = frozenset({"input", "tags", "fields", "find"})
"""Parts that are objects: a name for each value."""

WORDS = frozenset({"tags", "key", "find", "outcome", "reason", "id"})
"""Parts whose values are texts, or numbers written as such."""

INFORMATIVE = frozenset({"input", "tags", "fields", "reason"})
"""Parts that decide nothing here: they may hold what nobody has signed."""

PARTS: dict[str, tuple[str, ...]] = {
    "start": ("input", "tags", "key"),
    "answer": ("find", "outcome", "answer", "reason"),
    "send": ("find", "event", "fields"),
}
"""What the mapping of each action may have, beside what all may."""

NEEDED = {"start": (), "answer": ("find",), "send": ("find", "event")}


@lru_cache(maxsize=256)
def parse_mapping(
    text: str, action: str, unsigned: frozenset[str] = frozenset()
) -> DeliveryMapping:
    """A mapping for sources that do this; `unsigned` are facts that nobody proves.

    Raises MappingError with every problem at once, each naming its place.
    """
    try:
        data = load_strict(text or "{}", max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    except StrictJsonError as error:
        raise MappingError([str(error)]) from None
    parser = _Parser(unsigned)
    mapping = parser.mapping(data, action)
    if parser.problems:
        raise MappingError(parser.problems[:MAX_PROBLEMS])
    return mapping


class _Parser:
    """Reads a mapping, and goes on after a problem to find the others."""

    def __init__(self, unsigned: frozenset[str]) -> None:
        self.problems: list[str] = []
        self._unsigned = unsigned
        self._path: list[str] = []

    def mapping(self, data: Any, action: str) -> DeliveryMapping:
        if not isinstance(data, dict):
            self._say("A mapping is a JSON object.")
            return DeliveryMapping({})
        known = PARTS[action]
        self._refuse_others(data, (*known, "only_if", "id"))
        if "id" in data:
            self._unsigned = self._unsigned - {"id"}
        for name in NEEDED[action]:
            if not data.get(name):
                self._say(f"“{name}” is missing.")
        parts = {n: self._part(n, data[n], action) for n in known if n in data}
        delivery_id = self._part("id", data["id"], action) if "id" in data else None
        return DeliveryMapping(
            parts, self._conditions(data.get("only_if", [])), delivery_id
        )

    def _part(self, name: str, data: Any, action: str) -> Pick:
        with self._at(name):
            if name == "event":
                return self._event_type(data)
            if name not in OBJECTS:
                return self._value_of(data)
            allowed = None
            if name == "find":
                allowed = FIND if action == "answer" else RUN_FIND
            return self._object(data, allowed)

    def _event_type(self, data: Any) -> Pick:
        """Which event is sent is for the operator to say, not for the sender."""
        if not isinstance(data, str):
            self._say("The type of the event is a plain text.")
        return Plain(data)

    def _object(self, data: Any, allowed: Collection[str] | None = None) -> Object:
        if not isinstance(data, dict):
            self._say("An object is wanted: a name for each value.")
            return Object({})
        if allowed is not None:
            self._refuse_others(data, allowed)
        picks: dict[str, Pick] = {}
        for name, value in data.items():
            with self._at(name):
                is_tags = allowed is not None and name == "tags"
                picks[name] = self._object(value) if is_tags else self._value_of(value)
        return Object(picks)

    def _value_of(self, data: Any) -> Pick:
        pick = self._pick(data)
        return Word(pick) if self._path[0] in WORDS else pick

    def _conditions(self, data: Any) -> tuple[Condition, ...]:
        with self._at("only_if"):
            if not isinstance(data, list):
                self._say("A list of conditions is wanted.")
                return ()
            found = []
            for number, item in enumerate(data):
                with self._at(str(number)):
                    found.append(self._condition(item))
            return tuple(found)

    def _condition(self, data: Any) -> Condition:
        rest = dict(data) if isinstance(data, dict) else {}
        tests = {
            name: rest.pop(name) for name in ("is", "in", "exists") if name in rest
        }
        if len(tests) != 1 or not rest:
            self._say("A condition says where to look, and “is”, “in” or “exists”.")
            return Condition(Plain(None), bool)
        (test, wanted), pick = next(iter(tests.items())), self._pick(rest)
        if test == "is":
            return Condition(pick, lambda value: _same(value, wanted))
        if test == "in" and isinstance(wanted, list):
            return Condition(pick, lambda value: any(_same(value, w) for w in wanted))
        if test == "exists" and isinstance(wanted, bool):
            return Condition(pick, lambda _: wanted, if_missing=not wanted)
        self._say("“in” is a list; “exists” is true or false.")
        return Condition(pick, bool)

    def _pick(self, data: Any) -> Pick:
        """A plain value, or an object that says where the value is."""
        if not isinstance(data, dict):
            return Plain(data)
        rest = dict(data)
        words, has_default = rest.pop("map", None), "default" in rest
        default = rest.pop("default", None)
        if len(rest) != 1 or next(iter(rest)) not in self._kinds:
            names = ", ".join(f"“{name}”" for name in self._kinds)
            self._say(f"Exactly one of {names} says where the value is.")
            return Plain(None)
        kind, argument = next(iter(rest.items()))
        pick = self._kinds[kind](self, argument)
        if words is not None:
            pick = Translated(pick, self._words(words))
        return OrElse(pick, default) if has_default else pick

    def _words(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict):
            return data
        self._say("“map” is an object: a word for each word.")
        return {}

    def _body(self, data: Any) -> Pick:
        if not isinstance(data, str):
            self._say("“body” is a JSON Pointer.")
            return Plain(None)
        try:
            return FromBody(data, parse_pointer(data))
        except ValueError as error:
            self._say(str(error))
            return Plain(None)

    def _header(self, data: Any) -> Pick:
        if not isinstance(data, str) or not data.isascii() or not data.isprintable():
            self._say("“unsigned_header” is the name of a header.")
            return Plain(None)
        if data.lower() in NEVER_KEPT:
            self._say(f"The header {data} is never kept.")
        return FromHeader(data)

    def _fact(self, data: Any) -> Pick:
        if data not in FACTS:
            self._say(f"“delivery” is one of {', '.join(FACTS)}.")
            return Plain(None)
        if self._path == ["id"]:
            self._say("The id of a delivery is in its body or in a header.")
        if data in self._unsigned and self._decides:
            self._say(
                f"The sender does not sign the {data} of a delivery, so it decides "
                "nothing; “unsigned_header” is for those who want to rely on it."
            )
        return FromDelivery(data)

    def _fields(self, data: Any) -> Pick:
        return self._object(data)

    def _text(self, data: Any) -> Pick:
        if not isinstance(data, list):
            self._say("“text” is a list of parts.")
            return Plain("")
        return Text(tuple(self._pick(part) for part in data))

    def _value(self, data: Any) -> Pick:
        return Plain(data)

    _kinds: dict[str, Callable[["_Parser", Any], Pick]] = {
        "body": _body,
        "unsigned_header": _header,
        "delivery": _fact,
        "object": _fields,
        "text": _text,
        "value": _value,
    }

    @property
    def _decides(self) -> bool:
        return not self._path or self._path[0] not in INFORMATIVE

    def _refuse_others(self, data: dict[str, Any], allowed: Collection[str]) -> None:
        for name in [name for name in data if name not in allowed]:
            names = ", ".join(f"“{each}”" for each in allowed)
            self._say(f"There is no “{name[:40]}” here; there are {names}.")

    @contextmanager
    def _at(self, name: str) -> Iterator[None]:
        self._path.append(name)
        yield
        self._path.pop()

    def _say(self, problem: str) -> None:
        place = ".".join(self._path)
        self.problems.append(f"{place}: {problem}" if place else problem)


NEVER_KEPT = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that hold secrets: they are neither stored nor read."""


def _same(value: Any, wanted: Any) -> bool:
    """Equal as JSON: 1 is not true."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)
