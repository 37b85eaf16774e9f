"""How often a step is tried again, and after which exceptions."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .definition import RetryRule
from .errors import (
    DuplicateRequestError,
    IncompatibleSnapshotError,
    NoHandlerError,
    SerializationError,
    TimeoutError,  # noqa: A004 - engine.md's name; it is also Python's
    ValidationError,
)
from .seconds import LONGEST, check_seconds

Errors = type[BaseException] | tuple[type[BaseException], ...]


class NonRetryable(Exception):  # noqa: N818 - engine.md's name
    """Raised by a step that must not be tried again, whatever its retry policy says."""


class RetryAfter(Exception):  # noqa: N818 - engine.md's name
    """Raised by a step that wants to be tried again after so many seconds."""

    def __init__(self, seconds: float | timedelta, message: str = "") -> None:
        length = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        if not 0 <= length <= LONGEST:  # false for NaN, too
            raise ValueError(f"seconds must be from 0 to {LONGEST}, not {length}.")
        self.seconds = float(length)
        super().__init__(message or f"Try again after {self.seconds:g} s.")


NEVER = (
    NonRetryable,
    SerializationError,
    ValidationError,
    DuplicateRequestError,
    NoHandlerError,
    IncompatibleSnapshotError,
)
"""What another attempt would only meet again (engine.md, R41)."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try a step at most so often; wait `initial` seconds, then each time longer.

    The wait grows by `factor` up to `max_delay`; with `jitter` it is half to all of
    that. Only exceptions in `retry_on` and not in `give_up_on` count. Raises
    ValueError for numbers and lengths of time that cannot be.
    """

    max_attempts: int
    initial: float | timedelta = 1.0
    factor: float = 2.0
    max_delay: float | timedelta = 60.0
    jitter: bool = True
    retry_on: Errors = (Exception,)
    give_up_on: Errors = ()

    def __post_init__(self) -> None:
        _check_attempts(self.max_attempts)
        check_seconds(self.initial, "initial delay")
        check_seconds(self.max_delay, "max_delay")
        if not (math.isfinite(self.factor) and self.factor >= 1):
            raise ValueError(f"factor must be at least 1, not {self.factor}.")
        _check_errors(self.retry_on, "retry_on")
        _check_errors(self.give_up_on, "give_up_on")

    def wants(self, error: BaseException) -> bool:
        """Whether another attempt makes sense after this exception.

        RetryAfter asks for one by itself, so only `give_up_on` speaks against it.
        """
        if isinstance(error, (NEVER, self.give_up_on)):
            return False
        return isinstance(error, (RetryAfter, self.retry_on))

    def rule(self) -> RetryRule:
        """The part of this that is plain data; exceptions are judged by `wants`."""
        return RetryRule(
            max_attempts=self.max_attempts,
            initial=check_seconds(self.initial, "initial delay"),
            factor=float(self.factor),
            max_delay=check_seconds(self.max_delay, "max_delay"),
            jitter=self.jitter,
            on_timeout=self.wants(TimeoutError()),
        )


def is_whole(given: Any, *, least: int) -> bool:
    """Whether this is a whole number, and not less than the least."""
    return isinstance(given, int) and not isinstance(given, bool) and given >= least


def find_retry_problems(given: Any) -> list[str]:
    """What is wrong with a step's or a workflow's `retry`, to be read after its name."""
    if given is None or isinstance(given, Retry):
        return []
    return [f"has retry {given!r}, which is no Retry."]


def _check_attempts(attempts: int) -> None:
    if not is_whole(attempts, least=1):
        raise ValueError(f"max_attempts must be at least 1, not {attempts!r}.")


def _check_errors(given: Any, name: str) -> None:
    for kind in given if isinstance(given, tuple) else (given,):
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise ValueError(f"{name} has exception classes, not {kind!r}.")
