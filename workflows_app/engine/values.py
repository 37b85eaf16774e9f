"""Exact values as JSON text: what is stored comes back as it was, or is refused.

Types that JSON lacks are stored as an object with the reserved key `$type`. A plain
dict that has this key itself is stored as a list of pairs, so nothing that comes from
outside is ever read as a tag: it is parsed by `strict_json`, which knows no tags, and
`dump` writes it as the plain value it is.
"""

import json
import math
from collections.abc import Callable, Collection
from decimal import Decimal
from types import NoneType
from typing import Any, TypeAlias, TypeVar

from workflows_app.engine.errors import SerializationError
from workflows_app.engine.value_types import BY_CLASS, BY_NAME, Codec

MAX_DEPTH = 100
RESERVED_KEY = "$type"
_QUOTED_RESERVED_KEY = f'"{RESERVED_KEY}"'
_PLAIN_SCALARS = frozenset({str, int, float, bool, NoneType})
_STR_ONLY = frozenset({str})
_UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    OSError,
)

# Where a value is: the path of the root, or a place and the step from it.
_Place: TypeAlias = "str | tuple[_Place, str | int | None]"

T = TypeVar("T")


def dump(value: Any, path: str = "$") -> str:
    """The value as compact JSON text; SerializationError names the place if it cannot."""
    text = _dump_plain(value)
    return _encode(_tagged(value, path, 0)) if text is None else text


def load(text: str) -> Any:
    """The value that `dump` wrote, made of fresh objects.

    Text from elsewhere passes `strict_json` first: here `1e999` would be infinite.
    """
    # "\u" matters because a hand-written text may spell the key with escapes.
    tags = _QUOTED_RESERVED_KEY in text or "\\u" in text
    try:
        return (_TAG_DECODER if tags else _DECODER).decode(text)
    except (ValueError, RecursionError) as error:
        raise SerializationError(f"Not the text of a value: {error}.") from None


def register_codec(
    name: str, cls: type[T], dump: Callable[[T], Any], load: Callable[[Any], T]
) -> None:
    """Let values of exactly this class be stored, under a name that must never change."""
    if name in BY_NAME or cls in _WRITERS or cls in BY_CLASS:
        raise ValueError(f"The name {name!r} or the class {cls.__name__} is taken.")
    codec = Codec(name, dump, load)
    BY_NAME[name] = BY_CLASS[cls] = codec


# The fast path: the C encoder, and a look at the types that it would let pass.


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a finite number")


_encode = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,  # a circle ends in RecursionError, then in our own message
    separators=(",", ":"),
).encode


def _dump_plain(value: Any) -> str | None:
    """The text of a value that is plain JSON already; None if it needs a closer look."""
    try:
        text = _encode(value)
        if _QUOTED_RESERVED_KEY in text or not _is_plain(value):
            return None
        if not text.isascii():
            text.encode()  # finds lone surrogates
    except (TypeError, ValueError, RecursionError):
        return None
    return text


def _is_plain(value: Any) -> bool:
    """Whether only JSON's own types occur. The value has no circles: it was encoded."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [item for item in level if type(item) not in _PLAIN_SCALARS]
        if not level:
            return True
        inner: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict and _STR_ONLY.issuperset(map(type, item)):
                inner += item.values()
            elif kind is list or kind is tuple:
                inner += item
            else:
                return False
        level = inner
    return False


# The careful path: the same value with tags, made of plain JSON.


def _tagged(value: Any, place: _Place, depth: int) -> Any:
    kind = type(value)
    if depth >= MAX_DEPTH and kind not in _PLAIN_SCALARS:
        raise _refusal(f"is nested deeper than {MAX_DEPTH} levels", place)
    writer = _WRITERS.get(kind)
    if writer is not None:
        return writer(value, place, depth)
    codec = BY_CLASS.get(kind)
    if codec is None:
        raise _refusal(f"is of type {_name(kind)}, which cannot be stored", place)
    return _tag(codec.name, _tagged(codec.dump(value), place, depth + 1))


def _tag(name: str, stored: Any) -> dict[str, Any]:
    return {RESERVED_KEY: name, "value": stored}


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def _refusal(what: str, place: _Place) -> SerializationError:
    path = _path(place)
    return SerializationError(f"The value at {path} {what}.", path)


def _path(place: _Place) -> str:
    """Put together only when needed: most values are never refused."""
    steps: list[str] = []
    while not isinstance(place, str):
        place, step = place
        steps.append(_step(step))
    return place + "".join(reversed(steps))


def _step(step: str | int | None) -> str:
    """A key, an index, or None for a member of a set."""
    if isinstance(step, str):
        if step.isascii() and step.isidentifier():
            return f".{step:.80}"
        return f"[{json.dumps(step)[:80]}]"
    return "[]" if step is None else f"[{step}]"


def _same(value: Any, _place: _Place, _depth: int) -> Any:
    return value


def _text(value: str, place: _Place, _depth: int) -> str:
    try:
        if not value.isascii():
            value.encode()
    except UnicodeEncodeError:
        raise _refusal("holds a lone surrogate, which is no text", place) from None
    return value


def _integer(value: int, _place: _Place, _depth: int) -> Any:
    """Python refuses to write or read very long decimal numbers; hexadecimal ones not."""
    try:
        str(value)
    except ValueError:
        return _tag("int", hex(value))
    return value


def _float(value: float, place: _Place, _depth: int) -> float:
    if not math.isfinite(value):
        raise _refusal(f"is {value}, which is no finite number", place)
    return value


def _decimal(value: Decimal, place: _Place, _depth: int) -> Any:
    if not value.is_finite():
        raise _refusal(f"is {value}, which is no finite number", place)
    return _tag("decimal", str(value))


def _list(value: Collection[Any], place: _Place, depth: int) -> list[Any]:
    return [_tagged(v, (place, i), depth + 1) for i, v in enumerate(value)]


def _dict(value: dict[Any, Any], place: _Place, depth: int) -> Any:
    for key in value:
        if type(key) is not str:
            raise _refusal(f"has a key of type {_name(type(key))}, not str", place)
        _text(key, (place, key), depth)
    members = {
        key: _tagged(item, (place, key), depth + 1) for key, item in value.items()
    }
    if RESERVED_KEY in members:
        return _tag("dict", [list(pair) for pair in members.items()])
    return members


def _set(value: set[Any] | frozenset[Any], place: _Place, depth: int) -> Any:
    """The members in the order of their texts, so that equal sets have equal texts."""
    members = [_hashable(item, (place, None), depth + 1) for item in value]
    return _tag(type(value).__name__, sorted(members, key=_encode))


def _hashable(value: Any, place: _Place, depth: int) -> Any:
    """A member of a set: there a tuple must come back as a tuple."""
    if type(value) is not tuple or depth >= MAX_DEPTH:
        return _tagged(value, place, depth)
    return _tag("tuple", [_hashable(item, (place, None), depth + 1) for item in value])


_WRITERS: dict[type, Callable[[Any, _Place, int], Any]] = {
    NoneType: _same,
    bool: _same,
    str: _text,
    int: _integer,
    float: _float,
    Decimal: _decimal,
    list: _list,
    tuple: _list,
    dict: _dict,
    set: _set,
    frozenset: _set,
}


# Reading tags.


def _untagged(value: dict[str, Any]) -> Any:
    """Called by the decoder for each object, the innermost first."""
    if RESERVED_KEY not in value:
        return value
    name = value[RESERVED_KEY]
    codec = BY_NAME.get(name) if isinstance(name, str) else None
    if codec is None or value.keys() != {RESERVED_KEY, "value"}:
        raise SerializationError(f"No type {name!r:.80} of values is known here.")
    stored = value["value"]
    try:
        if not isinstance(stored, codec.stored):
            raise TypeError(f"not a {codec.stored.__name__}")
        return codec.load(stored)
    except _UNREADABLE as error:
        raise SerializationError(f"Unreadable {name} value: {error}.") from error


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_TAG_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_hook=_untagged)
