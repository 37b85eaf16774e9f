"""Credits: what a page may be sent before it has to say that it got something."""

import asyncio
from collections import deque

MOST_MESSAGES = 500
MOST_BYTES = 256 * 1024


class Credits:
    """What was sent to a page and not acknowledged yet; sending waits when it is full."""

    def __init__(self) -> None:
        self._sent: deque[tuple[int, int]] = deque()
        self._size = 0
        self._acknowledged = asyncio.Event()

    @property
    def is_full(self) -> bool:
        return len(self._sent) >= MOST_MESSAGES or self._size >= MOST_BYTES

    async def wait_for_room(self, seconds: float) -> None:
        """Raises TimeoutError if a full page acknowledges nothing for so long."""
        while self.is_full:
            self._acknowledged.clear()
            async with asyncio.timeout(seconds):
                await self._acknowledged.wait()

    def spend(self, number: int, size: int) -> None:
        self._sent.append((number, size))
        self._size += size

    def acknowledge(self, number: int) -> None:
        """Everything up to the message of this number has arrived."""
        numbers = [sent for sent, _ in self._sent]
        if number not in numbers:
            return
        for _ in range(len(numbers) - numbers[::-1].index(number)):
            self._size -= self._sent.popleft()[1]
        self._acknowledged.set()


class Pace:
    """How fast a page may talk."""

    def __init__(self, most: int, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque(maxlen=most)

    def is_broken_at(self, now: float) -> bool:
        """Whether one more message, now, is one too many."""
        is_full = len(self._times) == self._times.maxlen
        is_broken = is_full and now - self._times[0] < self._seconds
        self._times.append(now)
        return is_broken
