"""A number of the dashboard, and the list that shows exactly what it counts."""

from dataclasses import dataclass

from review_app.templatetags.asked import counted


@dataclass(frozen=True, slots=True)
class Number:
    """`key` makes its id on the page; without an address it is no link.

    `tone` says how it looks when there is something to look at: "warn" or "danger".
    """

    key: str
    label: str
    text: str = ""
    address: str = ""
    tone: str = ""
    aside: str = ""

    @classmethod
    def of(
        cls, key: str, label: str, count: int, address: str, tone: str = ""
    ) -> "Number":
        """A count: nothing is wrong with none."""
        return cls(key, label, counted(count), address, tone if count else "")
