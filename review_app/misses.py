"""Who tries many secrets that do not exist has to wait."""

from collections import deque
from time import monotonic

MOST = 10
SECONDS = 60.0
MOST_ADDRESSES = 10_000


class Misses:
    """The misses of the last minute, for each address from which they came.

    Kept in the memory of the process: looking at a link must not change any row.
    """

    def __init__(self) -> None:
        self._of: dict[str, deque[float]] = {}

    def are_too_many(self, address: str) -> bool:
        return len(self._recent(address)) >= MOST

    def count(self, address: str) -> None:
        if len(self._of) >= MOST_ADDRESSES:
            self._of = {a: self._of[a] for a in list(self._of) if self._recent(a)}
        self._of.setdefault(address, deque(maxlen=MOST)).append(monotonic())

    def _recent(self, address: str) -> deque[float]:
        misses = self._of.get(address, deque())
        while misses and misses[0] < monotonic() - SECONDS:
            misses.popleft()
        return misses
