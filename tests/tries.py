"""Promises in seconds, on a machine that may be busy with something else."""

from collections.abc import Awaitable, Callable

TRIES = 3
"""Who breaks such a promise breaks it each time; a busy machine spoils one try."""


def shortest(measure: Callable[[], float], *, limit: float) -> float:
    """The seconds of the first try within the limit; if there is none, of the best."""
    taken: list[float] = []
    while len(taken) < TRIES and not any(seconds <= limit for seconds in taken):
        taken.append(measure())
    return min(taken)


async def shortest_async(
    measure: Callable[[], Awaitable[float]], *, limit: float
) -> float:
    """The same, awaited."""
    taken: list[float] = []
    while len(taken) < TRIES and not any(seconds <= limit for seconds in taken):
        taken.append(await measure())
    return min(taken)
