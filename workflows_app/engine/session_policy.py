"""What becomes of session objects, which no snapshot can take, at a pause."""

from enum import StrEnum


class SessionPausePolicy(StrEnum):
    """Drop them and list their keys, or refuse to pause the run."""

    WARN_DROP = "warn_drop"
    HARD_ERROR = "hard_error"


WARN_DROP = SessionPausePolicy.WARN_DROP
HARD_ERROR = SessionPausePolicy.HARD_ERROR
