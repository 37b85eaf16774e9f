"""What people, and deadlines, have decided since the reader's midnight."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from workflows_app.access import MOST_COUNTED

from .decisions import DEADLINE, TAKEN_OVER, UNDONE, DecisionList
from .figures import MOST_TODAY, Figures, figures, newest
from .number import Number


def today_numbers(day: date, zone: ZoneInfo) -> list[Number]:
    """How many, how fast, and how many not as one would wish."""
    view = DecisionList(since=day.isoformat())
    votes, is_cut = newest(view.votes(zone), MOST_TODAY)
    told = figures(votes)
    decided = Number("decided", "decided", told.decided, view.address, is_least=is_cut)
    return [
        decided,
        *_speed(told, view),
        _by_deadline(told, view),
        *_others(view, zone),
    ]


def _speed(told: Figures, view: DecisionList) -> Iterator[Number]:
    """Each leads to those that took as long as that, or longer."""
    for key, label, took in (
        ("median", "median", told.median),
        ("p90", "9 of 10 within", told.p90),
    ):
        slow = view.slower(took)
        address = slow.address if slow else ""
        yield Number(key, label, took, address)


def _by_deadline(told: Figures, view: DecisionList) -> Number:
    share = f"{told.share_by_deadline:.1f} %" if told.by_deadline else ""
    return Number(
        "by-deadline",
        "by deadline",
        told.by_deadline,
        view.of(DEADLINE).address,
        "warn" if told.by_deadline else "",
        share,
    )


def _others(view: DecisionList, zone: ZoneInfo) -> Iterator[Number]:
    undone, taken_over = view.of(UNDONE), view.of(TAKEN_OVER)
    listed = undone.votes(zone).order_by()[: MOST_COUNTED + 1]
    yield Number.of("undone", "undone", listed.count(), undone.address)
    claims = taken_over.take_overs(zone).order_by()[: MOST_COUNTED + 1]
    yield Number.of("taken-over", "taken over", claims.count(), taken_over.address)
