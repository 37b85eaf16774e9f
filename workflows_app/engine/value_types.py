"""The types that JSON lacks, and how each is written with what JSON has."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

ClockT = TypeVar("ClockT", datetime, time)


@dataclass(frozen=True)
class Codec:
    """How one type is written and read; `stored` is what a tag of it must hold."""

    name: str
    dump: Callable[[Any], Any]
    load: Callable[[Any], Any]
    stored: type = object


def _load_dict(pairs: list[Any]) -> dict[str, Any]:
    if not all(type(pair) is list and type(pair[0]) is str for pair in pairs):
        raise TypeError("not a list of pairs")
    return dict(pairs)


# datetime.isoformat leaves out the name of a zone and the fold: 02:30 comes twice.
_CLOCK_TEXT = re.compile(r"([^\[]+)(?:\[([^\]=]+)\])?(\[fold=1\])?")


def _dump_clock(value: datetime | time) -> str:
    zone = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None
    suffix = f"[{zone}]" if zone else ""
    return value.isoformat() + suffix + ("[fold=1]" if value.fold else "")


def _load_clock(cls: type[ClockT], text: str) -> ClockT:
    match = _CLOCK_TEXT.fullmatch(text)
    if match is None:
        raise ValueError("not a date and time")
    value = cls.fromisoformat(match[1])
    zone = ZoneInfo(match[2]) if match[2] else value.tzinfo
    return value.replace(tzinfo=zone, fold=1 if match[3] else 0)


# By class: only what is written without further thought; see values.py for the rest.
BY_CLASS: dict[type, Codec] = {
    bytes: Codec(
        "bytes",
        lambda value: b64encode(value).decode(),
        lambda text: b64decode(text, validate=True),
        str,
    ),
    datetime: Codec(
        "datetime", _dump_clock, lambda text: _load_clock(datetime, text), str
    ),
    time: Codec("time", _dump_clock, lambda text: _load_clock(time, text), str),
    date: Codec("date", date.isoformat, date.fromisoformat, str),
    timedelta: Codec(
        "timedelta",
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda parts: timedelta(*parts),
        list,
    ),
    UUID: Codec("uuid", str, UUID, str),
}

BY_NAME: dict[str, Codec] = {codec.name: codec for codec in BY_CLASS.values()} | {
    "decimal": Codec("decimal", str, Decimal, str),
    "int": Codec("int", hex, lambda text: int(text, 16), str),
    "dict": Codec("dict", list, _load_dict, list),
    "tuple": Codec("tuple", list, tuple, list),
    "set": Codec("set", list, set, list),
    "frozenset": Codec("frozenset", list, frozenset, list),
}
