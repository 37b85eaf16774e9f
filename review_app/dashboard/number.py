"""A number of the dashboard, and the list that shows exactly what it counts."""

from dataclasses import dataclass
from datetime import timedelta

from review_app.templatetags.run_words import duration
from workflows_app.access import MOST_COUNTED


@dataclass(frozen=True, slots=True)
class Number:
    """A count, or a length of time, where there is one.

    `key` makes its id on the page; without an address it is no link. `is_least`: there
    are more than were counted. `tone` says how it looks when there is something to look
    at: "warn" or "danger".
    """

    key: str
    label: str
    value: int | timedelta | None
    address: str = ""
    tone: str = ""
    aside: str = ""
    is_least: bool = False

    @classmethod
    def of(
        cls, key: str, label: str, count: int, address: str, tone: str = ""
    ) -> "Number":
        """A count up to where pages stop counting: nothing is wrong with none."""
        return cls(
            key,
            label,
            min(count, MOST_COUNTED),
            address,
            tone if count else "",
            is_least=count > MOST_COUNTED,
        )

    @property
    def text(self) -> str:
        """As people read it: "1,000+", "2 h 45 min"."""
        if isinstance(self.value, int):
            return f"{self.value:,}{'+' if self.is_least else ''}"
        return duration(self.value)
