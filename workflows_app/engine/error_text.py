"""A step's exception as text that can be stored, whatever the exception is."""

import traceback

from .errors import EngineError

TRACEBACK_LENGTH = 20_000


def error_name(error: BaseException) -> str:
    """The qualified name; Python's and the engine's own errors go without a module."""
    kind = type(error)
    is_known = kind.__module__ == "builtins" or isinstance(error, EngineError)
    return kind.__qualname__ if is_known else f"{kind.__module__}.{kind.__qualname__}"


def error_texts(error: BaseException) -> tuple[str, str]:
    """The message, and the traceback: its end, if it is very long."""
    try:
        message, text = str(error), "".join(traceback.format_exception(error))
    except BaseException as odd:  # noqa: BLE001 - `__str__` is somebody else's code
        message = text = f"(its text cannot be had: {type(odd).__name__})"
    return _storable(message), _storable(text[-TRACEBACK_LENGTH:])


def _storable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode().replace("\0", "␀")
