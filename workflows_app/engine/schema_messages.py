"""What a person is told when a value does not fit its JSON Schema."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "yes or no",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
}
FORMATS = {
    "date": "a date, such as 2026-01-31",
    "date-time": "a date and time with its offset, such as 2026-01-31T14:30:00Z",
    "duration": "a duration, such as P3D or PT2H",
    "email": "an e-mail address, such as name@example.com",
    "hostname": "a host name, such as www.example.com",
    "ipv4": "an IPv4 address, such as 192.0.2.1",
    "ipv6": "an IPv6 address, such as 2001:db8::1",
    "json-pointer": "a JSON pointer, such as /items/0",
    "regex": "a regular expression",
    "time": "a time with its offset, such as 14:30:00Z",
    "uri": "an address, such as https://example.com/page",
    "uuid": "a UUID, such as 123e4567-e89b-12d3-a456-426614174000",
}
COUNTED = {
    "maxItems": ("Choose at most {}.", "item"),
    "minItems": ("Choose at least {}.", "item"),
    "maxLength": ("Shorten this to at most {}.", "character"),
    "minLength": ("Enter at least {}.", "character"),
    "maxProperties": ("Fill in at most {}.", "field"),
    "minProperties": ("Fill in at least {}.", "field"),
}
SENTENCES = {
    "maximum": "Choose a number of at most {limit}.",
    "minimum": "Choose a number of at least {limit}.",
    "exclusiveMaximum": "Choose a number less than {limit}.",
    "exclusiveMinimum": "Choose a number greater than {limit}.",
    "multipleOf": "Choose a multiple of {multiple_of}.",
    "additionalItems": "Shorten this list to {limit}.",
    "additionalProperties": "Leave out {unexpected}: it is not asked for.",
    "unevaluatedProperties": "Leave out {unexpected}: it is not asked for.",
    "unevaluatedItems": "Leave out the items that are not asked for.",
    "const": "The only value accepted here is {expected_value}.",
    "contains": "The list must hold the right number of the items asked for.",
    "contentEncoding": "Enter text encoded as {content_encoding}.",
    "contentMediaType": "Enter text of the type {content_media_type}.",
    "pattern": "Enter text of the form {pattern}.",
    "propertyNames": "One of the field names is not accepted.",
    "required": "Fill in this field.",
    "uniqueItems": "Give each item only once.",
    "oneOf": "Enter a value of exactly one of the accepted forms.",
    "anyOf": "Enter a value of one of the accepted forms.",
    "falseSchema": "Leave this out: no value is accepted here.",
}
OTHERWISE = "This value is not accepted here."
MAX_SHOWN = 80
MAX_CHOICES = 10


def tell(keyword: str, facts: Mapping[str, Any]) -> str:
    """Say what to do about a value that fails a keyword with these facts."""
    special = SPECIAL.get(keyword)
    if special:
        return special(facts)
    if keyword in COUNTED:
        sentence, noun = COUNTED[keyword]
        return sentence.format(counted(facts["limit"], noun))
    shown = {name: show(value) for name, value in facts.items()}
    return SENTENCES.get(keyword, OTHERWISE).format_map(shown)


def show(value: Any) -> str:
    """Write a value of a schema for people: short, text without quotes."""
    if isinstance(value, list):
        return ", ".join(show(item) for item in value[:MAX_CHOICES])
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def tell_types(types: Iterable[str]) -> str:
    """Ask for one of some JSON types."""
    wanted = set(types)
    names = [name for name in TYPES if name in wanted]
    asked = " or ".join(TYPES[name] for name in names if name != "null")
    if "null" not in names:
        return f"Enter {asked}."
    return f"Enter {asked}, or leave this empty." if asked else "Leave this empty."


def tell_choices(options: list[Any]) -> str:
    """Ask for one of some values, as many as can be read at a glance."""
    more = len(options) - MAX_CHOICES
    rest = f" … {more} more" if more > 0 else ""
    return f"Choose one of: {show(options)}{rest}."


def _tell_format(facts: Mapping[str, Any]) -> str:
    name = facts["format"]
    return f"Enter {FORMATS.get(name, f'text of the format {show(name)}')}."


def _tell_min_length(facts: Mapping[str, Any]) -> str:
    least = facts["limit"]
    sentence = f"Enter at least {counted(least, 'character')}."
    return "Fill in this field." if least == 1 else sentence


SPECIAL: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "enum": lambda facts: tell_choices(facts["options"]),
    "format": _tell_format,
    "minLength": _tell_min_length,
    "type": lambda facts: tell_types(facts["types"]),
}
