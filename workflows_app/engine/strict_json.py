"""The one parser for JSON that comes from outside: everybody reads the same, or nobody."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

# Up to the next bracket that is outside a string; never looks back, so it is linear.
_TO_NEXT_BRACKET = re.compile(
    r'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?)*+([\[\]{}])?', re.DOTALL
)
_MAY_BE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# Each escape of a document in turn; only half a pair has a group.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)
_PYTHON_MAX_DIGITS = 4_300
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")


class StrictJsonError(ValueError):
    """JSON that is not taken; the message says why, and `position` where, if known."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


def load_strict(  # noqa: PLR0913 - one name for each limit, as in the settings
    body: bytes | str,
    *,
    max_bytes: int = 1_048_576,
    max_depth: int = 32,
    max_keys: int = 2_000,
    max_digits: int = 1_000,
    max_exponent: int = 308,
) -> Any:
    """The plain value of a JSON document, or StrictJsonError. Takes linear time.

    Keys are counted in each object, digits in each number. Python itself reads no
    integer of more than 4,300 digits, so `max_digits` cannot be more.
    """
    max_digits = min(max_digits, _PYTHON_MAX_DIGITS)
    text = _decode(body, max_bytes)
    _check_depth(text, max_depth)
    _check_surrogates(text)
    decoder = json.JSONDecoder(
        object_pairs_hook=_object_reader(max_keys),
        parse_int=_integer_reader(max_digits),
        parse_float=_float_reader(max_digits, max_exponent),
        parse_constant=_refuse_constant,
    )
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        # The original error holds the whole document, which belongs in no log.
        message = f"Malformed JSON at character {error.pos + 1}: {error.msg}."
        raise StrictJsonError(message, error.pos) from None
    except RecursionError:
        raise StrictJsonError("The JSON is nested too deeply.") from None


def _decode(body: bytes | str, max_bytes: int) -> str:
    data = _encoded(body) if isinstance(body, str) else body
    if len(data) > max_bytes:
        raise StrictJsonError(f"The JSON is longer than {max_bytes} bytes.", max_bytes)
    if data.startswith(_BYTE_ORDER_MARKS):
        raise StrictJsonError("The JSON starts with a byte order mark.", 0)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"The JSON is not UTF-8 at byte {error.start + 1}."
        raise StrictJsonError(message, error.start) from None
    if not text.strip(" \t\r\n"):
        raise StrictJsonError("The JSON is empty.", 0)
    return text


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _lone_surrogate(error.start) from None


def _lone_surrogate(position: int) -> StrictJsonError:
    message = f"A lone surrogate at character {position + 1} is no text."
    return StrictJsonError(message, position)


def _check_depth(text: str, max_depth: int) -> None:
    """Count brackets before the parser recurses into them."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    for match in _TO_NEXT_BRACKET.finditer(text):
        bracket = match[1]
        if bracket is None:  # the end
            return
        depth += 1 if bracket in "[{" else -1
        if depth > max_depth:
            message = f"The JSON is nested deeper than {max_depth} levels."
            raise StrictJsonError(message, match.start(1))


def _check_surrogates(text: str) -> None:
    """UTF-8 has none, so only an escape can bring half a pair."""
    if not _MAY_BE_SURROGATE.search(text):
        return
    for escape in _ESCAPE.finditer(text):
        if escape[1]:
            raise _lone_surrogate(escape.start())


def _object_reader(
    max_keys: int,
) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def read(members: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(members) > max_keys:
            raise StrictJsonError(f"An object has more than {max_keys} keys.")
        value = dict(members)
        if len(value) != len(members):
            raise _repeated_key([key for key, _ in members])
        return value

    return read


def _repeated_key(keys: list[str]) -> StrictJsonError:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            break
        seen.add(key)
    return StrictJsonError(f"The key {json.dumps(key[:80])} occurs twice in an object.")


def _integer_reader(max_digits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if len(text) > max_digits:
            _check_digits(text, max_digits)
        return int(text)

    return read


def _float_reader(max_digits: int, max_exponent: int) -> Callable[[str], float]:
    def read(text: str) -> float:
        if len(text) > max_digits:
            _check_digits(text, max_digits)
        value = float(text)
        exponent = int(text.lower().partition("e")[2] or 0)
        if abs(exponent) > max_exponent or not math.isfinite(value):
            raise StrictJsonError(f"A number has an exponent over {max_exponent}.")
        return value

    return read


def _check_digits(text: str, max_digits: int) -> None:
    if sum(map(str.isdigit, text)) > max_digits:
        raise StrictJsonError(f"A number has more than {max_digits} digits.")


def _refuse_constant(name: str) -> Any:
    raise StrictJsonError(f"{name} is not JSON.")
