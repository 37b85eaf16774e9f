"""Lengths of time: seconds, within what a moment in the database can be told from."""

from datetime import timedelta

LONGEST = 10 * 366 * 86_400
"""Seconds of the longest limit: ten years, which a timestamp can bear."""


def check_seconds(limit: float | timedelta, what: str) -> float:
    """A length of time in seconds.

    Raises ValueError for what is not finite, not above 0, or longer than ten years.
    """
    seconds = limit.total_seconds() if isinstance(limit, timedelta) else float(limit)
    if not 0 < seconds <= LONGEST:  # false for NaN, too
        raise ValueError(
            f"The {what} must be above 0 and at most {LONGEST} seconds, not {seconds}."
        )
    return seconds
