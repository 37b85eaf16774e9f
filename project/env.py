"""The environment as typed values: an odd one stops the start with one line."""

import importlib.util
import os
from collections.abc import Sequence

ON = ("1", "true", "yes", "on")
OFF = ("0", "false", "no", "off")


class OddValueError(SystemExit):
    """An environment variable has a value that nobody can mean.

    It is a SystemExit so that every command ends with this line and no traceback.
    """

    def __init__(self, name: str, value: str, allowed: str) -> None:
        """Name the variable, its value and what it may be."""
        super().__init__(f"{name}={value!r} is not understood: use {allowed}")


def text(name: str, default: str = "") -> str:
    """Return the value without surrounding blanks; an empty one counts as not set."""
    return os.environ.get(name, "").strip() or default


def integer(
    name: str,
    default: int,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
) -> int:
    """Return a whole number between the two limits."""
    value = text(name, str(default))
    digits = value.removeprefix("-")
    number = int(value) if digits.isascii() and digits.isdigit() else None
    if (
        number is None
        or (minimum is not None and number < minimum)
        or (maximum is not None and number > maximum)
    ):
        raise OddValueError(name, value, f"a whole number{_span(minimum, maximum)}")
    return number


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """Return one of the allowed words."""
    value = text(name, default)
    if value not in allowed:
        raise OddValueError(name, value, " or ".join(allowed))
    return value


def flag(name: str, *, default: bool) -> bool:
    """Return whether something is switched on."""
    value = text(name, "on" if default else "off")
    if value.lower() not in ON + OFF:
        raise OddValueError(name, value, f"{', '.join(ON)} or {', '.join(OFF)}")
    return value.lower() in ON


def csv(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return the words between the commas."""
    words = [word.strip() for word in text(name).split(",")]
    return [word for word in words if word] or list(default)


def modules(name: str) -> list[str]:
    """Return the names of Python packages between the commas, each one importable."""
    words = csv(name)
    for word in words:
        try:
            found = importlib.util.find_spec(word)
        except (ImportError, ValueError):
            found = None
        if found is None:
            raise OddValueError(name, word, "packages that Python can import")
    return words


def _span(minimum: int | None, maximum: int | None) -> str:
    """Say the limits in words."""
    lower = f" from {minimum}" if minimum is not None else ""
    upper = f" up to {maximum}" if maximum is not None else ""
    return lower + upper
